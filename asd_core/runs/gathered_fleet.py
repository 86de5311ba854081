"""The alarms of many nights, gathered in as little memory as charts of them need: five bytes a machine and night."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.alarms.past_alarms import expected_new
from asd_core.pages.fleet import FleetHistory, NightCounts
from asd_core.pages.fleet.contents import NO_EVIDENCE, Cell, evidence_codes
from asd_core.recipe.alarm_settings import AlarmConfig

COLUMNS = (
    "machine_type",
    "machine_id",
    "tier",
    "state",
    "unlabelled_state",
    "acknowledged",
    "nights_in_alarm",
    "p_value",
    "p_floor",
    "fleet_shift",
    "drifted_by",
    "clips",
    "flagged",
    "errors",
)
"""Columns of ALARMS that are read."""

_TIERS = {"not_decided": Cell.NOT_DECIDED, "within_chance": Cell.WITHIN_CHANCE, "watch": Cell.WATCH}
_STATES = {"cleared": Cell.OVER, "continuing": Cell.CONTINUING, "new": Cell.NEW}
_Kind = TypeVar("_Kind", bound=np.generic)
_MOST = np.iinfo(np.uint16).max


class _Few(NamedTuple):
    """Values of a few machines."""

    places: NDArray[np.int64]
    values: NDArray[np.float64]

    def among(self, machines: int, blank: float) -> NDArray[np.float64]:
        found = np.full(machines, blank)
        found[self.places] = self.values
        return found


class _Night(NamedTuple):
    """One night; the arrays hold the machines that were known when it was added."""

    counts: NightCounts
    cells: NDArray[np.uint8]
    evidence: NDArray[np.uint16]
    flagged: NDArray[np.uint16]
    drifted_by: _Few
    nights_in_alarm: _Few


class GatheredFleet:
    """Nights of one fleet, which are added one by one in any order, and replaced where they are added again."""

    def __init__(self) -> None:
        self._known = pa.array([], pa.string())  # names of machines, in the order of the arrays
        self._machines: list[tuple[str, str]] = []
        self._nights: dict[str, _Night] = {}

    @property
    def machines(self) -> Sequence[tuple[str, str]]:
        """Type and id of each machine that was ever added."""
        return self._machines

    def add(self, date: str, rows: pa.Table, config: AlarmConfig) -> None:
        """Add the rows of ALARMS of one night.

        Args:
            date: of the night.
            rows: with `COLUMNS`.
            config: the rule that gave them.
        """
        places, cells = self._places(rows), cells_of(rows)
        p_values, floors = (rows[name].to_numpy().astype(np.float64) for name in ("p_value", "p_floor"))
        drifted = rows["drifted_by"].to_numpy().astype(np.float64)
        lasted = rows["nights_in_alarm"].to_numpy()
        alone = rows["unlabelled_state"]
        before = pc.is_in(alone, value_set=pa.array(["continuing", "cleared"])).to_numpy()
        drifts, lasts = ~np.isnan(drifted), lasted > 0
        counts = NightCounts(
            date,
            cells=tuple(np.bincount(cells, minlength=len(Cell)).tolist()),
            clips=pc.sum(rows["clips"]).as_py() or 0,
            flagged=pc.sum(rows["flagged"]).as_py() or 0,
            errors=pc.sum(rows["errors"]).as_py() or 0,
            found=pc.sum(pc.equal(alone, "new")).as_py() or 0,
            expected=expected_new(p_values, floors, before, config.false_alarms, config.rule),
            fleet_shift=rows["fleet_shift"][0].as_py() if len(rows) else None,
            drifting=int(drifts.sum()),
        )
        self._nights[date] = _Night(
            counts,
            self._spread(places, cells, 0),
            self._spread(places, evidence_codes(p_values), NO_EVIDENCE),
            self._spread(places, np.minimum(rows["flagged"].to_numpy(), _MOST).astype(np.uint16), 0),
            _Few(places[drifts], drifted[drifts]),
            _Few(places[lasts], lasted[lasts].astype(np.float64)),
        )

    def drop(self, dates: Iterable[str]) -> None:
        """Forget nights."""
        for date in dates:
            self._nights.pop(date, None)

    def flagged(self, machine: int, dates: Sequence[str]) -> list[int]:
        """The flagged clips of a machine, by its place, in each of some nights; 0 for a night that is not known."""
        found = [self._nights[date].flagged if date in self._nights else () for date in dates]
        return [int(counts[machine]) if machine < len(counts) else 0 for counts in found]

    def history(self, recipe: str, key: str, dates: Sequence[str]) -> FleetHistory:
        """Some of the nights as charts take them, with blank ones where none was added.

        Args:
            recipe: name of the recipe.
            key: of the recipe.
            dates: ascending, at least one.
        """
        shape = (len(self._machines), len(dates))
        cells, evidence = np.zeros(shape, np.uint8), np.full(shape, NO_EVIDENCE, np.uint16)
        drifts = np.zeros(shape, np.bool_)
        for place, date in enumerate(dates):
            if (night := self._nights.get(date)) is not None:
                cells[: len(night.cells), place] = night.cells
                evidence[: len(night.evidence), place] = night.evidence
                drifts[night.drifted_by.places, place] = True
        nobody = _Few(np.zeros(0, np.int64), np.zeros(0))
        newest = self._nights.get(dates[-1])
        drifted, lasted = (newest.drifted_by, newest.nights_in_alarm) if newest else (nobody, nobody)
        return FleetHistory(
            recipe=recipe,
            key=key,
            nights=[self._nights[date].counts if date in self._nights else NightCounts(date) for date in dates],
            machines=list(self._machines),
            cells=cells,
            evidence=evidence,
            drifts=drifts,
            drifted_by=drifted.among(len(self._machines), np.nan),
            nights_in_alarm=lasted.among(len(self._machines), 0).astype(np.int64),
        )

    def _spread(self, places: NDArray[np.int64], values: NDArray[_Kind], blank: int) -> NDArray[_Kind]:
        """Values of a night's machines in the order of all machines."""
        found = np.full(len(self._machines), blank, values.dtype)
        found[places] = values
        return found

    def _places(self, rows: pa.Table) -> NDArray[np.int64]:
        """The place of each machine; one that is new gets the next."""
        names = pc.binary_join_element_wise(rows["machine_type"], rows["machine_id"], "\0").combine_chunks()
        is_new = pc.invert(pc.is_in(names, value_set=self._known))
        if pc.any(is_new).as_py():
            added = rows.select(["machine_type", "machine_id"]).filter(is_new)
            self._machines += zip(*(added[name].to_pylist() for name in added.column_names), strict=True)
            self._known = pa.concat_arrays([self._known, names.filter(is_new)])
        return np.asarray(pc.index_in(names, value_set=self._known).to_numpy(), np.int64)


def cells_of(rows: pa.Table) -> NDArray[np.uint8]:
    """A `Cell` for each row of ALARMS."""
    found = np.full(len(rows), Cell.WITHIN_CHANCE, np.uint8)
    for column, cells in (("tier", _TIERS), ("state", _STATES)):
        for word, cell in cells.items():
            found[pc.equal(rows[column], word).fill_null(False).to_numpy()] = cell
    found[rows["acknowledged"].fill_null(False).to_numpy()] = Cell.ACKNOWLEDGED
    unscored = (rows["clips"].to_numpy() == 0) & (rows["errors"].to_numpy() > 0)
    found[unscored] = Cell.ERROR
    return found
