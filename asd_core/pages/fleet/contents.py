"""The contents of the page of all nights: a letter for each machine and night, and counts of each night."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.past_alarms import PastAlarms


class Cell(IntEnum):
    """A machine's night, the larger the more it asks for."""

    NOT_HEARD = 0
    ERROR = 1
    NOT_DECIDED = 2
    WITHIN_CHANCE = 3
    OVER = 4
    WATCH = 5
    ACKNOWLEDGED = 6
    CONTINUING = 7
    NEW = 8


LETTERS = "-E?·CWKAN"
"""The letter of each `Cell`."""

MEANINGS = (
    "not heard",
    "no clip could be scored",
    "not decided",
    "within chance",
    "within chance, the alarm is over",
    "watched",
    "alarm that a person acknowledged",
    "in alarm",
    "new alarm",
)
"""The words for each `Cell`."""

NO_EVIDENCE = 0xFFFF


def evidence_codes(p_values: NDArray[np.float64]) -> NDArray[np.uint16]:
    """-100 log10 p, rounded and at most 1295: p to two digits in a small number; `NO_EVIDENCE` for NaN.

    Example:
        >>> evidence_codes(np.array([1.0, 0.01, 0.0, np.nan])).tolist()
        [0, 200, 1295, 65535]
    """
    unusual = -100 * np.log10(np.clip(p_values, 1e-20, 1.0))
    codes = np.minimum(np.round(np.nan_to_num(unusual)), 1295).astype(np.uint16)
    return np.where(np.isnan(p_values), np.uint16(NO_EVIDENCE), codes)


@dataclass(frozen=True)
class NightCounts:
    """One night of the fleet in counts.

    Attributes:
        date: of the night.
        has_report: there is a page of this night beside this one.
        cells: number of machines by `Cell`, as many as there are cells; all of them 0 where its alarms are not known.
        clips: scored clips.
        flagged: clips above their threshold.
        errors: clips that could not be scored.
        found: new alarms by the scores alone, whatever people have said of them since.
        expected: the same if all machines were well.
        fleet_shift: deviations by which the whole fleet lay higher; None without a shift.
        drifting: number of machines that have lain elsewhere for weeks.
    """

    date: str
    has_report: bool = False
    cells: tuple[int, ...] = (0,) * len(Cell)
    clips: int = 0
    flagged: int = 0
    errors: int = 0
    found: int = 0
    expected: float = 0.0
    fleet_shift: float | None = None
    drifting: int = 0

    @property
    def heard(self) -> int:
        """Machines with a recording of the night."""
        return sum(self.cells[Cell.ERROR :])

    @property
    def judged(self) -> int:
        """Machines on which something could be decided."""
        return sum(self.cells[Cell.WITHIN_CHANCE :])

    def number(self, cell: Cell) -> int:
        """Machines with this cell."""
        return self.cells[cell]


@dataclass(frozen=True)
class FleetHistory:
    """M machines over T nights, the newest last.

    Attributes:
        recipe: name of the recipe.
        key: the store's KEY of it.
        nights: the counts of each night, T.
        machines: machine type and id of each machine, M.
        cells: (M, T) uint8, a `Cell` each.
        evidence: (M, T) uint16, as `evidence_codes` gives it.
        drifts: (M, T), True for a machine that has lain elsewhere for weeks.
        drifted_by: (M,) deviations by which it has in the newest night; NaN without drift.
        nights_in_alarm: (M,) judged nights of the alarm in the newest night; 0 without one.
        headline: the sentence on the newest night, which counts alarms.
        precision: how many labelled alarms were faults, in words; "" where none is labelled.
        notes: reservations that a reader must know first.
        nights_before: scored nights before these, which are not shown.
    """

    recipe: str
    key: str
    nights: Sequence[NightCounts]
    machines: Sequence[tuple[str, str]]
    cells: NDArray[np.uint8]
    evidence: NDArray[np.uint16]
    drifts: NDArray[np.bool_]
    drifted_by: NDArray[np.float64]
    nights_in_alarm: NDArray[np.int64]
    headline: str = ""
    precision: str = ""
    notes: Sequence[str] = ()
    nights_before: int = 0

    @property
    def past(self) -> PastAlarms:
        """New alarms of these nights against those expected."""
        judged = [night for night in self.nights if night.judged]
        found, expected = sum(night.found for night in judged), sum(night.expected for night in judged)
        return PastAlarms(len(judged), found, expected)
