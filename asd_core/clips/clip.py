"""One recording of an archive, and the facts that its path in the archive tells."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import pyarrow as pa

from asd_core.store.tables import CLIPS

UNPLACED = "unplaced"
"""Machine type or machine id of a recording whose path does not tell it.

Such a recording is listed all the same, and ends as an error row that people see: no machine of that name has a scorer.
"""

UNDATED = "undated"

CURE_OF_NO_DATE = (
    "describe where dates stand with --pattern, such as '{machine_type}/{machine_id}/{date}_{}.wav', or list them in a "
    "manifest"
)
"""Advice for an archive whose dates are not found."""

SPLITS = ("", "train", "test")
DOMAINS = ("", "source", "target")


class Placement(NamedTuple):
    """Facts that a recording's path tells: the columns of CLIPS with these names."""

    machine_type: str
    machine_id: str
    split: str = ""
    domain: str = ""
    attributes: str = ""
    condition: str = ""
    date: str = UNDATED
    recorded_at: datetime | None = None
    extra: str = "{}"

    @property
    def is_unplaced(self) -> bool:
        """True where the machine is not known."""
        return UNPLACED in (self.machine_type, self.machine_id)


def clip_id(uri: str, size: int, version: str) -> str:
    """32 hex digits that name a recording: another address, size or version is another clip."""
    return hashlib.blake2b(f"{uri}\n{size}\n{version}".encode(), digest_size=16).hexdigest()


def clips_table(
    uris: Sequence[str], sizes: Sequence[int], versions: Sequence[str], placements: Sequence[Placement]
) -> pa.Table:
    """The clips table of recordings given column by column, sorted as `sort_clips` does."""
    fields = zip(*placements, strict=True) if placements else ((),) * len(Placement._fields)
    columns = dict(zip(Placement._fields, map(list, fields), strict=True))
    return sort_clips(columns | {"uri": uris, "size": sizes, "clip_id": clip_ids(uris, sizes, versions)})


def clip_ids(uris: Sequence[str], sizes: Sequence[int], versions: Sequence[str]) -> list[str]:
    """`clip_id` of each recording."""
    return [clip_id(*parts) for parts in zip(uris, sizes, versions, strict=True)]


def sort_clips(columns: dict[str, object]) -> pa.Table:
    """The columns of CLIPS as a table sorted by machine type, machine id, date and uri."""
    table = pa.table({name: columns[name] for name in CLIPS.names}, schema=CLIPS)
    return table.sort_by([(name, "ascending") for name in ("machine_type", "machine_id", "date", "uri")])
