"""Heads of the scorers that machines borrowed in a night, for its page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from asd_core.pipeline.scorer_versions import FIT_AGAIN
from asd_core.pipeline.type_scorers import is_borrowed, scorer_place
from asd_core.store.broken_files import json_object
from asd_core.store.store import Store
from asd_core.store.tables import rows_of

_MACHINE = ("machine_type", "machine_id", "scorer_version")


def borrowed_heads(store: Store, key: str, scores: pa.Table) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    """Folder, name in rows and head of the scorer of each machine that borrowed one, as `newest_heads` of others.

    The head names the machine, and says whose clips they are. A scorer that is gone is left out.

    Args:
        store: where scorers are.
        key: of the recipe.
        scores: rows of SCORES of a night.
    """
    for kind, name, given in sorted(
        (kind, name, given)
        for kind, name, given in rows_of(scores.group_by([*_MACHINE]).aggregate([]), *_MACHINE)
        if is_borrowed(given)
    ):
        folder, version = scorer_place(key, kind, name, given)
        path = f"{folder}/{version}/scorer.json"
        if not store.files.exists(path):
            continue
        head = json_object(path, store.files.read(path), FIT_AGAIN)
        clips, lenders = len(head.pop("uris")), len(head["lenders"])
        note = f"judged by the {kind} bank, {clips} normal clips of {lenders} other machines, until it has its own"
        own = {"machine_type": kind, "machine_id": name, "normal_clips": clips, "notes": [note, *head["notes"]]}
        yield folder, (given, head | own)
