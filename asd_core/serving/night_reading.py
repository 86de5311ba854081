"""One night as it is committed: its alarms, or where there are none the counts of its clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from starlette.exceptions import HTTPException

from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.serving.clip_pages import clip_address
from asd_core.serving.fleet_memory import FleetMemory
from asd_core.serving.machine_lines import READ
from asd_core.store.alarm_schemas import ALARMS
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, filled, rows_of

_COUNTED = ("machine_type", "machine_id", "uri", "anomaly_score", "is_flagged", "error_reason")


@dataclass(frozen=True)
class ReadNight:
    """A night.

    Attributes:
        rows: of ALARMS; those of a night without alarms have counts of clips alone.
        summary: its alarms; None where they are not known.
        notes: reservations that a reader must know first.
    """

    rows: pa.Table
    summary: AlarmSummary | None
    notes: Sequence[str] = ()

    @property
    def headline(self) -> str:
        """The sentence on top."""
        return "The alarms of this night are not known." if self.summary is None else self.summary.headline()


def chosen_key(memory: FleetMemory, asked: str) -> tuple[str, list[str]]:
    """The KEY that a reader asked for, or that of the newest night; and all there are.

    Raises:
        HTTPException: 404 where there is no such KEY.
    """
    keys = memory.keys()
    if not keys or (asked and asked not in keys):
        raise HTTPException(404)
    return asked or keys[0], keys


def read_night(store: Store, memory: FleetMemory, key: str, date: str) -> ReadNight:
    """A scored night.

    Args:
        store: where it is.
        memory: of that store.
        key: of the recipe, one of the store's.
        date: one of the key's nights.
    """
    kept = memory.night(key, date)
    if kept is None:
        note = f"No alarms are kept for this night: asd alarms --date {date} finds them."
        return ReadNight(_counts(store, key, date), None, [note])
    summary = AlarmSummary(date, kept.rows, memory.config(key, date))
    notes = summary.remarks()
    if memory.has_new_answers(key, date, kept):
        notes.append("Labels were given since these alarms were found, or maintenance named: asd alarms takes it up.")
    return ReadNight(kept.rows, summary, notes)


def clip_links(store: Store, key: str, date: str, uris: Sequence[str]) -> Mapping[str, str]:
    """Address → page of some clips of a night."""
    if not uris:
        return {}
    scores = store.scores(key, date, ["uri", "clip_id"])
    found = scores.filter(pc.is_in(scores["uri"], value_set=pa.array(uris, pa.string())))
    return {uri: clip_address(clip_id, key, date) for uri, clip_id in rows_of(found, "uri", "clip_id")}


def _counts(store: Store, key: str, date: str) -> pa.Table:
    """Clips of each machine, in the columns of ALARMS."""
    scores = filled(store.scores(key, date, _COUNTED), pa.schema([SCORES.field(name) for name in _COUNTED]))
    scores = scores.append_column("errors", pc.cast(pc.is_valid(scores["error_reason"]), pa.int64()))
    scores = scores.append_column("clips", pc.cast(pc.is_valid(scores["anomaly_score"]), pa.int64()))
    scores = scores.append_column("flagged", pc.cast(scores["is_flagged"].fill_null(False), pa.int64()))
    machines = scores.group_by(["machine_type", "machine_id"]).aggregate(
        [(name, "sum") for name in ("clips", "flagged", "errors")]
    )
    machines = machines.rename_columns([name.removesuffix("_sum") for name in machines.column_names])
    machines = machines.sort_by([("flagged", "descending"), ("machine_type", "ascending"), ("machine_id", "ascending")])
    return filled(machines, pa.schema([pa.field(name, ALARMS.field(name).type) for name in READ]))
