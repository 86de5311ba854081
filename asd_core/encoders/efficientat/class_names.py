"""Names of AudioSet's 527 classes, in the order of the network's outputs (data of AudioSet, CC BY 4.0)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def class_names() -> tuple[str, ...]:
    """The 527 names, such as ``Squeal``; a name may hold commas."""
    text = files(__package__).joinpath("class_names.txt").read_text("utf-8")
    return tuple(line for line in text.splitlines() if not line.startswith("#"))
