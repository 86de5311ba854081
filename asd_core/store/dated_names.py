"""Names of files that tell the dates of the clips in them: ``<first date>,<last date>,<hash>.parquet``."""

from __future__ import annotations

from collections.abc import Collection

from asd_core.store.layout import safe_name, word_of

_UNDATED = "undated"

Span = tuple[str, str]
"""The first and the last date of the clips in a file."""


def dated_name(dates: Collection[str], digest: str) -> str:
    """Name of a file of clips of some dates."""
    return f"{safe_name(min(dates))},{safe_name(max(dates))},{digest}.parquet"


def span_in(path: str) -> Span | None:
    """The dates in a file's name; None for a name of before, which has none."""
    words = path.rsplit("/", 1)[-1].split(",")
    return (word_of(words[0]), word_of(words[1])) if len(words) == 3 else None


def digest_in(path: str) -> str:
    """The hash in a file's name, with or without dates."""
    return path.rsplit("/", 1)[-1].removesuffix(".parquet").rpartition(",")[2]


def may_hold(span: Span | None, dates: Collection[str] | None) -> bool:
    """Tell if a file can hold clips of these dates (None: any); a clip without a date can be of every date."""
    if span is None or dates is None:
        return True
    first, last = span
    return _UNDATED in (last, *dates) or any(first <= date <= last for date in dates)
