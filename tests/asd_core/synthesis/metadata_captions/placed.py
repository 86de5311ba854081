"""Clips tables of DCASE names."""

from collections.abc import Sequence

import pyarrow as pa

from asd_core.clips.clip import clips_table
from asd_core.clips.dcase import place


def clips_of_names(paths: Sequence[str]) -> pa.Table:
    """The clips table of recordings at these paths of an archive."""
    uris = [f"file:///archive/{path}" for path in paths]
    return clips_table(uris, [1] * len(paths), ["v"] * len(paths), [place(path) for path in paths])


def names(
    machine_type: str,
    domain: str,
    attributes: str,
    count: int,
    *,
    split: str = "train",
    condition: str = "normal",
    first: int = 0,
) -> list[str]:
    """Paths of some recordings of one label."""
    return [
        f"{machine_type}/{split}/section_00_{domain}_{split}_{condition}_{number:04d}_{attributes}.wav"
        for number in range(first, first + count)
    ]
