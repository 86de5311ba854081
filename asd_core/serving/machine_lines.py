"""The machines of a night as lines of a page: chosen, put in order, and cut into pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from markupsafe import Markup
from numpy.typing import NDArray

from asd_core.digest import name_hash
from asd_core.pages.night.tier_words import State, Status, status_of
from asd_core.readable import machine_name
from asd_core.runs.report import judgement_of
from asd_core.serving.filters import TIERS, Filters, machine_link
from asd_core.store.alarm_schemas import ALARMS
from asd_core.store.tables import filled

ROWS = 50
"""On a page."""

READ = (
    "machine_type",
    "machine_id",
    "tier",
    "state",
    "nights_in_alarm",
    "p_value",
    "p_floor",
    "drifted_by",
    "clips",
    "flagged",
    "errors",
    "worst_uri",
    "sentence",
    "label",
    "acknowledged",
)
"""Columns of ALARMS that lines are made of."""

_SCHEMA = pa.schema([pa.field(name, ALARMS.field(name).type) for name in READ])


@dataclass(frozen=True)
class MachineLine:
    """A machine in one night.

    Attributes:
        name: of the machine.
        anchor: of the line in the page.
        link: to the machine's page.
        status: in words.
        sentence: on its night; "" where nothing was judged.
        rarity: how often a well machine has such a night; "" where nothing was decided.
        flagged: clips above their threshold.
        scored: clips with a score.
        errors: clips without one.
        drift: in words; "" without drift.
        letters: of the nights up to this one.
        worst_uri: the clip with the highest score; None where none was scored.
        worst_link: to that clip; "" where it is not known.
        said: the answer of a person on this night, in words; "" without one.
        is_maintained: its night is in a maintenance window, and makes no alarm.
    """

    name: str
    anchor: str
    link: str
    status: Status
    sentence: str
    rarity: str
    flagged: int
    scored: int
    errors: int
    drift: str
    letters: Markup
    worst_uri: str | None
    worst_link: str = ""
    said: str = ""
    is_maintained: bool = False

    @property
    def is_urgent(self) -> bool:
        """In alarm or watched."""
        return self.status.look in ("alarm", "watched")

    @property
    def has_sentence(self) -> bool:
        """The sentence says more than the status."""
        return bool(self.sentence) and (self.is_urgent or self.is_maintained)


def lines_table(rows: pa.Table, silent: Sequence[tuple[str, str]]) -> pa.Table:
    """The rows of ALARMS of a night and, behind them, the machines that were not heard; columns `READ`."""
    names = {"machine_type": [kind for kind, _ in silent], "machine_id": [name for _, name in silent]}
    blank = {field.name: names.get(field.name, pa.nulls(len(silent), field.type)) for field in _SCHEMA}
    return pa.concat_tables([filled(rows, _SCHEMA), pa.table(blank, schema=_SCHEMA)])


def tiers_of(table: pa.Table) -> dict[str, NDArray[np.bool_]]:
    """Tier → the machines in it, one of `TIERS`; machines that nobody judged are in none."""
    tier = {word: _is(table, "tier", word) for word in ("act", "watch", "within_chance", "not_decided")}
    quiet = table["acknowledged"].fill_null(False).to_numpy() & tier["watch"]
    found = {
        "alarm": tier["act"],
        "watched": tier["watch"] & ~quiet,
        "acknowledged": quiet,
        "well": tier["within_chance"],
        "open": tier["not_decided"],
        "silent": table["clips"].is_null().to_numpy(),
    }
    return {name: found[name] for name in TIERS}


def chosen(table: pa.Table, filters: Filters) -> NDArray[np.int64]:
    """Positions of the machines that a reader chose, in the order that he chose."""
    kept = np.ones(len(table), np.bool_)
    if filters.tier:
        kept &= tiers_of(table)[filters.tier]
    if filters.type:
        kept &= _is(table, "machine_type", filters.type)
    if filters.drift:
        kept &= table["drifted_by"].is_valid().to_numpy()
    if filters.q:
        kept &= _is_named(table, " ", filters.q) | _is_named(table, "/", filters.q)
    places = np.flatnonzero(kept)
    match filters.sort:
        case "name":
            order = pc.sort_indices(table, [("machine_type", "ascending"), ("machine_id", "ascending")]).to_numpy()
            return np.asarray(order[kept[order]], np.int64)
        case "flagged":
            flagged, clips = (table[name].fill_null(0).to_numpy()[places] for name in ("flagged", "clips"))
            order = np.lexsort((-flagged / np.maximum(clips, 1), -flagged))
            return np.asarray(places[order])
        case "drift":
            far = np.abs(table["drifted_by"].fill_null(0.0).to_numpy()[places])
            return np.asarray(places[np.argsort(-far, kind="stable")])
    return places


def machine_lines(
    table: pa.Table, places: NDArray[np.int64], strips: Mapping[tuple[str, str], Markup], key: str
) -> list[MachineLine]:
    """Lines of some machines.

    Args:
        table: of `lines_table`.
        places: positions in it.
        strips: the letters of each machine's nights.
        key: for links; "" for the default.
    """
    rows = table.take(pa.array(places)).to_pylist()
    return [_line(row, int(place), strips, key) for row, place in zip(rows, places, strict=True)]


def _line(row: Mapping[str, Any], place: int, strips: Mapping[tuple[str, str], Markup], key: str) -> MachineLine:
    machine = (row["machine_type"], row["machine_id"])
    judgement = None if row["tier"] is None else judgement_of(row, place)
    drifted = row["drifted_by"]
    return MachineLine(
        name=machine_name(*machine),
        anchor="machine-" + name_hash(*machine),
        link=machine_link(*machine, key),
        status=status_of(judgement, _state(row)),
        sentence=judgement.sentence if judgement else "",
        rarity=judgement.rarity if judgement else "",
        flagged=row["flagged"] or 0,
        scored=row["clips"] or 0,
        errors=row["errors"] or 0,
        drift="" if drifted is None else f"drifted by {drifted:+.1f} deviations".replace("-", "−"),
        letters=strips.get(machine, Markup("")),
        worst_uri=row["worst_uri"],
        is_maintained=row["tier"] == "not_decided" and row["label"] == "maintenance",
    )


def _state(row: Mapping[str, Any]) -> State:
    if row["clips"] is None:
        return "silent"
    if not row["clips"]:
        return "unusable"
    return "flagged" if row["flagged"] else "normal"


def _is_named(table: pa.Table, between: str, part: str) -> NDArray[np.bool_]:
    names = pc.binary_join_element_wise(table["machine_type"], table["machine_id"], between)
    return np.asarray(pc.match_substring(names, part, ignore_case=True).to_numpy())


def _is(table: pa.Table, column: str, word: str) -> NDArray[np.bool_]:
    return np.asarray(pc.equal(table[column], word).fill_null(False).to_numpy())
