"""The captions of real recordings and of clips to generate, listed for people, spreadsheets and programs."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pyarrow as pa

from asd_core.evaluation.csv_cells import csv_table
from asd_core.evaluation.tables import aligned, word
from asd_core.store.tables import rows_of

_KEYS = ("machine_type", "condition", "domain", "caption")
_COUNTS = ("recordings", "clips")
_HEADER = ("machine type", "condition", "domain", *_COUNTS, "caption")
_ORDER = {"normal": 0, "anomalous": 1}


def caption_rows(pairs: pa.Table, wanted: pa.Table) -> list[dict[str, Any]]:
    """One row per machine type, condition, domain and caption, sorted by them, normal before anomalous.

    Args:
        pairs: the recordings that a generator hears; see `training_pairs`.
        wanted: the clips that it is to make; see `asd_core.synthesis.metadata_captions.wanted`.

    Returns:
        Rows of ``machine_type``, ``condition``, ``domain``, ``recordings`` that have the caption, ``clips`` to make
        with it, and ``caption``.
    """
    recordings = Counter((kind, condition or "normal", *rest) for kind, condition, *rest in rows_of(pairs, *_KEYS))
    clips = Counter(rows_of(wanted, *_KEYS))
    keys = sorted(recordings | clips, key=lambda key: (key[0], _ORDER[key[1]], *key[2:]))
    return [
        {
            **dict(zip(_KEYS[:3], key, strict=False)),
            "recordings": recordings[key],
            "clips": clips[key],
            "caption": key[3],
        }
        for key in keys
    ]


def captions_as_text(rows: list[dict[str, Any]]) -> str:
    """The rows of `caption_rows` as an aligned table; control characters of machine types are escaped."""
    names = ("machine_type", "condition", "domain", *_COUNTS, "caption")
    lines = [list(_HEADER), *([word(row[name]) for name in names] for row in rows)]
    return "\n".join([*aligned(lines, left=[name not in _COUNTS for name in names]), ""])


def captions_as_csv(rows: list[dict[str, Any]]) -> str:
    """The rows of `caption_rows` under a header; text that a spreadsheet takes for a formula gets an apostrophe."""
    return csv_table(rows)
