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
        self._dates: dict[tuple[str, str], frozenset[str] | None] = {}
        self._opened = self._open(store, key)

    def of(self, scorers: Set[tuple[str, str]]) -> set[str] | None:
        """Dates of the clips of (scorer folder, version) pairs; None where a record does not tell."""
        while not scorers <= self._dates.keys() and next(self._opened, None):
            pass
        found = [self._dates.get(scorer) for scorer in scorers]
        return None if None in found else {date for dates in found for date in dates or ()}

    def _open(self, store: Store, key: str) -> Iterator[RunEntry]:
        """The fits, newest first, each once its dates are noted."""
        for entry in reversed(store.entries(("fit",), key)):
            dates = frozenset(store.dates_of(entry)) or None
            for scorer in store.record(entry)["scorers"].items():
                self._dates.setdefault(scorer, dates)
            yield entry
