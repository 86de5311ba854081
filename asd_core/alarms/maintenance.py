"""Nights on which a machine is worked on: they make no alarm, and the nights after them say so for a while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

NOTED_FOR = 14
"""Days after maintenance in which a machine's sentence says that there was some."""


@dataclass(frozen=True)
class Window:
    """Maintenance of one machine.

    Attributes:
        since: its first night, ``YYYY-MM-DD``.
        until: its last night; "" while it goes on.
        reason: of a person, "" without.
        named_by: name of the person; "" where none was given.
    """

    since: str
    until: str = ""
    reason: str = ""
    named_by: str = ""

    def holds(self, night: str) -> bool:
        """True for a night with a date within it, its first and last one among them.

        Example:
            >>> Window("2026-11-19", "2026-11-20").holds("2026-11-20"), Window("2026-11-19").holds("undated")
            (True, False)
        """
        return _is_date(night) and self.since <= night and (not self.until or night <= self.until)

    def is_noted(self, night: str) -> bool:
        """True for the first nights after it."""
        if not self.until or not _is_date(night) or night <= self.until:
            return False
        return date.fromisoformat(night) - date.fromisoformat(self.until) <= timedelta(days=NOTED_FOR)


def in_maintenance(windows: Iterable[Window], night: str) -> Window | None:
    """The window that holds a night; the one that began last where several do."""
    return max((one for one in windows if one.holds(night)), key=lambda one: one.since, default=None)


def told_with_windows(windows: Iterable[Window], night: str, sentence: str) -> str:
    """The sentence of a night, with the maintenance on it or before it.

    Example:
        >>> told_with_windows([Window("2026-11-19", "2026-11-20", "new belt")], "2026-11-19", "Within chance.")
        'Not decided: maintenance since 2026-11-19 until 2026-11-20 ("new belt").'
        >>> told_with_windows([Window("2026-11-19", "2026-11-20")], "2026-11-22", "Within chance.")
        'Within chance. Maintenance until 2026-11-20: fit this machine again if its normal sound has changed.'
    """
    windows = list(windows)
    own = in_maintenance(windows, night)
    if own is not None:
        until = f" until {own.until}" if own.until else ""
        reason = f' ("{own.reason}")' if own.reason else ""
        by = f", named by {own.named_by}" if own.named_by else ""
        return f"Not decided: maintenance since {own.since}{until}{reason}{by}."
    last = max((one.until for one in windows if one.is_noted(night)), default="")
    if not last:
        return sentence
    return f"{sentence} Maintenance until {last}: fit this machine again if its normal sound has changed."


def _is_date(night: str) -> bool:
    return night[:1].isdigit()
