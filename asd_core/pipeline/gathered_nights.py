"""Values of the machines of a fleet over nights: tables of one night each, gathered to matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.store.tables import rows_of

Floats = NDArray[np.float64]
Machine = tuple[str, str]


class GatheredNights:
    """Nights in the order of their dates.

    Args:
        names: columns of numbers that are gathered.

    Attributes:
        dates: of the nights so far, (T,).
        machines: machine type and id of every machine so far, (M,).
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.dates: list[str] = []
        self.machines: list[Machine] = []
        self._places: dict[Machine, int] = {}
        self._nights: dict[str, list[tuple[NDArray[np.int64], Floats]]] = {name: [] for name in names}
        self._last: tuple[pa.Table, NDArray[np.int64]] | None = None

    def add(self, date: str, rows: pa.Table) -> None:
        """Add a night.

        Args:
            date: later than those before.
            rows: with ``machine_type``, ``machine_id`` and the columns of numbers; each machine at most once.
        """
        places = self.places_of(rows)
        self.dates.append(date)
        for name, nights in self._nights.items():
            nights.append((places, rows[name].to_numpy().astype(np.float64)))

    def places_of(self, rows: pa.Table) -> NDArray[np.int64]:
        """The position of each row's machine, (N,); one that is new gets the next."""
        named = rows.select(["machine_type", "machine_id"])
        if self._last is None or not self._last[0].equals(named):  # most nights have the machines of the night before
            places = np.empty(len(named), np.int64)
            for number, machine in enumerate(rows_of(named, "machine_type", "machine_id")):
                if machine not in self._places:
                    self._places[machine] = len(self.machines)
                    self.machines.append(machine)
                places[number] = self._places[machine]
            self._last = (named, places)
        return self._last[1]

    def matrix(self, name: str) -> Floats:
        """A column over all nights, (M, T); NaN where a machine has no row or no value."""
        found = np.full((len(self.machines), len(self.dates)), np.nan)
        for night, (places, values) in enumerate(self._nights[name]):
            found[places, night] = values
        return found
