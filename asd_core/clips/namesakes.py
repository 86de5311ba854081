"""Namesakes: machines of one type and id under several folders.

They may be machines of two sites, or one machine's recordings in two places. Folders do not tell which, and all are
fitted and scored as one machine, so a listing names the folders.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from asd_core.clips.clip import Placement
from asd_core.clips.fleet import DATE_KEYS

# Folders for the time or state of a recording, not for the machine.
_OF_A_RECORDING = {*DATE_KEYS, "year", "month", "hour", "minute", "second"}
_OF_A_RECORDING |= {"split", "domain", "condition", "attributes"}
_OF_A_MACHINE = {"machine_type", "machine_id"}
_DATES = re.compile(r"(?:^|/)(?:19|20)\d{2}(?:[-_./]?\d{2}|[-/]\d){0,2}(?=/|$)", re.ASCII)


def namesakes(
    paths: Sequence[str], placements: Sequence[Placement], above: Callable[[str], str]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Machine type and id → two folders of it, for machines that have several.

    Clips of different splits may lie apart: DCASE publishes train and test of one machine as folders of their own.

    Args:
        paths: of the recordings.
        placements: of the recordings.
        above: a recording's folder → the folders above the machine's, which tell two sites apart.
    """
    place = lru_cache(maxsize=65536)(above)
    first: dict[tuple[str, str, str], str] = {}
    several: dict[tuple[str, str], tuple[str, str]] = {}
    for path, placed in zip(paths, placements, strict=True):
        here = place(path.rpartition("/")[0])
        there = first.setdefault(placed[:3], here)
        if here != there and not placed.is_unplaced:
            several.setdefault(placed[:2], (there, here))
    return several


def above_fleet(folder: str) -> str:
    """The folders above those of machine type and id, without those of dates and the like."""
    parts = folder.split("/")
    machine = [i for i, part in enumerate(parts) if _key(part) in _OF_A_MACHINE]
    above = parts[: machine[-1]] if machine else []
    return _DATES.sub("", "/".join(part for part in above if _key(part) not in _OF_A_RECORDING | _OF_A_MACHINE))


def above_dcase(folder: str) -> str:
    """The folder above the machine type's."""
    return folder.rpartition("/")[0].rpartition("/")[0]


def above_pattern(pattern: str) -> Callable[[str], str]:
    """The folders that a pattern does not describe, without those of dates."""
    depth = pattern.count("/")

    def above(folder: str) -> str:
        parts = folder.split("/")
        return _DATES.sub("", "/".join(parts[: max(0, len(parts) - depth)]))

    return above


def _key(part: str) -> str:
    return part.partition("=")[0]
