"""Places: the address of a recording, or of one segment of it.

A segment's place is the recording's address with a media fragment behind it, ``file:///a.wav#t=50``: addresses are
percent-encoded, so that they hold no ``#`` themselves. The id of a clip takes the same fragment.
"""

from __future__ import annotations

_FRAGMENT = "#t="


def place(name: str, start: float | None) -> str:
    """The place of a segment by its start (s from the beginning of the recording); of a whole recording for None."""
    return name if start is None else f"{name}{_FRAGMENT}{start:.9g}"


def split_place(text: str) -> tuple[str, float | None]:
    """The address (or clip id) in a place, and the start of the segment in s; None for a whole recording."""
    name, fragment, start = text.rpartition(_FRAGMENT)
    return (name, float(start)) if fragment else (text, None)
