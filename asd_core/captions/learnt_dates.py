"""The nights that scorers learnt from, which say where in the store their normal clips are found."""

from __future__ import annotations

from collections.abc import Iterator, Set

from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store


class LearntDates:
    """Finds the dates of the clips that scorers were fitted on; each fit's record is opened once at most.

    Args:
        store: where the fits are recorded.
        key: of the recipe.
    """

    def __init__(self, store: Store, key: str) -> None:
        self._store, self._key = store, key
        self._dates: dict[tuple[str, str], frozenset[str] | None] = {}
        self._fits: Iterator[RunEntry] | None = None  # those not opened yet, newest first

    def of(self, scorers: Set[tuple[str, str]]) -> set[str] | None:
        """Dates of the clips of (scorer folder, version) pairs; None where a record does not tell."""
        while not scorers <= self._dates.keys() and (entry := self._next()) is not None:
            dates = frozenset(self._store.dates_of(entry)) or None
            for scorer in self._store.record(entry)["scorers"].items():
                self._dates.setdefault(scorer, dates)
        found = [self._dates.get(scorer) for scorer in scorers]
        return None if None in found else {date for dates in found for date in dates or ()}

    def _next(self) -> RunEntry | None:
        if self._fits is None:
            self._fits = iter(reversed(self._store.entries(("fit",), self._key)))
        return next(self._fits, None)
