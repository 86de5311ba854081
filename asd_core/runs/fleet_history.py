"""The kept alarms of many nights, gathered for the page of all nights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.alarms.past_alarms import PastAlarms, expected_new
from asd_core.clips.clip import UNDATED
from asd_core.pages.fleet import FleetHistory, NightCounts
from asd_core.pages.fleet.contents import NO_EVIDENCE, Cell, evidence_codes
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarm_marks import digests_of_nights, told_by
from asd_core.runs.alarms import MOST_NIGHTS
from asd_core.store.store import Store

_AT_ONCE = 32  # nights whose files are held
_READ = (
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
_TIERS = {"not_decided": Cell.NOT_DECIDED, "within_chance": Cell.WITHIN_CHANCE, "watch": Cell.WATCH}
_STATES = {"cleared": Cell.OVER, "continuing": Cell.CONTINUING, "new": Cell.NEW}


def fleet_history(store: Store, recipe: Recipe, dates: Sequence[str], config: AlarmConfig) -> FleetHistory:
    """The nights of a fleet from their kept alarms; a night without any is there without machines.

    Args:
        store: where alarms are.
        recipe: whose alarms.
        dates: of the nights, ascending.
        config: the rule; alarms that another one gave, or that answers of people changed since, are left out.
    """
    key, runs, gathered = recipe.key(), store.scored_dates(recipe.key()), _Gathered(len(dates), config)
    answers = digests_of_nights(store.labels(), store.maintenance())
    for start in range(0, len(dates), _AT_ONCE):
        chunk = dates[start : start + _AT_ONCE]
        found = store.kept_alarms(key, chunk, _READ)
        for place, date in enumerate(chunk, start):
            kept = found.get(date)
            if kept is not None and kept.is_made_of(told_by(config, runs.get(date, []), answers, date)):
                gathered.add(place, date, kept.rows)
    return gathered.history(recipe, dates)


def past_alarms(store: Store, recipe: Recipe, date: str, config: AlarmConfig) -> PastAlarms:
    """New alarms of a night and of the nights before it, as far as they are kept, against those expected.

    Args:
        store: where alarms are.
        recipe: whose alarms.
        date: of the last night.
        config: the rule; alarms that another one gave are not counted.
    """
    dates = sorted(night for night in store.scored_dates(recipe.key()) if night <= date and night != UNDATED)
    return fleet_history(store, recipe, dates[-MOST_NIGHTS:], config).past


class _Column(NamedTuple):
    """One night: its place, and of its machines (N,) each the row in the matrices and what stands there."""

    night: int
    places: NDArray[np.int64]
    cells: NDArray[np.uint8]
    evidence: NDArray[np.uint16]
    drifts: NDArray[np.bool_]


class _Gathered:
    """Nights that are added one by one."""

    def __init__(self, nights: int, config: AlarmConfig) -> None:
        self._total, self._config = nights, config
        self._known = pa.array([], pa.string())  # names of machines, in the order of the rows
        self._machines: list[tuple[str, str]] = []
        self._counts: dict[str, NightCounts] = {}
        self._columns: list[_Column] = []
        self._newest: tuple[int, pa.Table] | None = None

    def add(self, place: int, date: str, rows: pa.Table) -> None:
        """Add the rows of ALARMS of one night."""
        places, cells = self._places(rows), _cells(rows)
        p_values, floors = (rows[name].to_numpy().astype(np.float64) for name in ("p_value", "p_floor"))
        drifted = rows["drifted_by"].to_numpy().astype(np.float64)
        alone = rows["unlabelled_state"]
        before = pc.is_in(alone, value_set=pa.array(["continuing", "cleared"])).to_numpy()
        self._columns.append(_Column(place, places, cells, evidence_codes(p_values), ~np.isnan(drifted)))
        shift = rows["fleet_shift"][0].as_py() if len(rows) else None
        self._counts[date] = NightCounts(
            date,
            cells=tuple(np.bincount(cells, minlength=len(Cell)).tolist()),
            clips=pc.sum(rows["clips"]).as_py() or 0,
            flagged=pc.sum(rows["flagged"]).as_py() or 0,
            errors=pc.sum(rows["errors"]).as_py() or 0,
            found=pc.sum(pc.equal(alone, "new")).as_py() or 0,
            expected=expected_new(p_values, floors, before, self._config.false_alarms, self._config.rule),
            fleet_shift=shift,
            drifting=int((~np.isnan(drifted)).sum()),
        )
        self._newest = (place, rows)

    def history(self, recipe: Recipe, dates: Sequence[str]) -> FleetHistory:
        """All that was added, with blank nights where nothing was."""
        shape = (len(self._machines), self._total)
        cells, evidence = np.zeros(shape, np.uint8), np.full(shape, NO_EVIDENCE, np.uint16)
        drifts = np.zeros(shape, np.bool_)
        for night in self._columns:
            cells[night.places, night.night] = night.cells
            evidence[night.places, night.night] = night.evidence
            drifts[night.places, night.night] = night.drifts
        return FleetHistory(
            recipe=recipe.name,
            key=recipe.key(),
            nights=[self._counts.get(date, NightCounts(date)) for date in dates],
            machines=self._machines,
            cells=cells,
            evidence=evidence,
            drifts=drifts,
            drifted_by=self._of_newest("drifted_by", np.nan),
            nights_in_alarm=self._of_newest("nights_in_alarm", 0.0).astype(np.int64),
        )

    def _of_newest(self, name: str, blank: float) -> NDArray[np.float64]:
        values = np.full(len(self._machines), blank)
        if self._newest is not None and self._newest[0] == self._total - 1:
            rows = self._newest[1]
            values[self._places(rows)] = rows[name].to_numpy()
        return values

    def _places(self, rows: pa.Table) -> NDArray[np.int64]:
        """The row of each machine; one that is new gets the next."""
        names = pc.binary_join_element_wise(rows["machine_type"], rows["machine_id"], "\0").combine_chunks()
        is_new = pc.invert(pc.is_in(names, value_set=self._known))
        if pc.any(is_new).as_py():
            added = rows.select(["machine_type", "machine_id"]).filter(is_new)
            self._machines += zip(*(added[name].to_pylist() for name in added.column_names), strict=True)
            self._known = pa.concat_arrays([self._known, names.filter(is_new)])
        return np.asarray(pc.index_in(names, value_set=self._known).to_numpy(), np.int64)


def _cells(rows: pa.Table) -> NDArray[np.uint8]:
    """A `Cell` for each row of ALARMS."""
    found = np.full(len(rows), Cell.WITHIN_CHANCE, np.uint8)
    for column, cells in (("tier", _TIERS), ("state", _STATES)):
        for word, cell in cells.items():
            found[pc.equal(rows[column], word).fill_null(False).to_numpy()] = cell
    found[rows["acknowledged"].fill_null(False).to_numpy()] = Cell.ACKNOWLEDGED
    unscored = (rows["clips"].to_numpy() == 0) & (rows["errors"].to_numpy() > 0)
    found[unscored] = Cell.ERROR
    return found
