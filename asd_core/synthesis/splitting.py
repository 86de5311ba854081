"""The split of a machine's normal clips: some are fitted to, some stay normal in the validation, some get faults.

The three parts share no clip. A clip compared with its own faulty version would cancel all differences between clips,
which a real anomaly has to stand out from as well.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from asd_core.errors import AsdError, UsageError

FEWEST = {"fitted": 2, "normal": 1, "sources": 1}


@dataclass(frozen=True)
class Parts:
    """Rows of CLIPS, each clip in one part: ``fitted`` to, kept ``normal``, or ``sources`` of faults."""

    fitted: pa.Table
    normal: pa.Table
    sources: pa.Table


def split_normals(normals: pa.Table, held_out: float, seed: int) -> Parts:
    """Split one machine's normal clips, each domain on its own.

    A clip's part depends on the hash of its name and the seed, not on the order of rows, the process or the place of
    the archive. Half of the clips held out stay normal; an odd clip gets faults. A domain of one clip is fitted to, and
    a domain of two keeps none normal.

    Args:
        normals: rows of CLIPS of one machine.
        held_out: share of the clips that is not fitted to, in (0, 1).
        seed: of the split.

    Raises:
        UsageError: a share outside (0, 1).
        AsdError: too few clips for three parts.
    """
    if not 0 < held_out < 1:
        raise UsageError(f"the share of normal clips held out must lie between 0 and 1, not {held_out}")
    names, domains = names_within(normals["uri"].to_pylist()), normals["domain"].to_pylist()
    parts: dict[str, list[int]] = {name: [] for name in FEWEST}
    for domain in sorted(set(domains)):
        rows = [row for row, of in enumerate(domains) if of == domain]
        rows.sort(key=lambda row: _lot(seed, names[row]))
        kept = min(max(round(held_out * len(rows)), 1), len(rows) - 1)
        parts["normal"] += rows[: kept // 2]
        parts["sources"] += rows[kept // 2 : kept]
        parts["fitted"] += rows[kept:]
    if any(len(parts[name]) < fewest for name, fewest in FEWEST.items()):
        raise AsdError(
            f"{len(names)} normal clips are too few to hold some out and put faults into others: "
            f"give at least 6, or validate on labelled clips"
        )
    return Parts(*(normals.take(pa.array(sorted(rows), pa.int64())) for rows in parts.values()))


def names_within(uris: Sequence[str]) -> list[str]:
    """Each address without the folder that all of them share: the same wherever an archive lies."""
    shared = os.path.commonprefix(list(uris)).rpartition("/")[0]
    return [uri[len(shared) :] for uri in uris]


def _lot(seed: int, name: str) -> bytes:
    return hashlib.blake2b(json.dumps([seed, "split", name]).encode(), digest_size=16).digest()
