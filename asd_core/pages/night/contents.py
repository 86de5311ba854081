"""The contents of a report: one night's rows, the nights before it, and the record of each machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa

from asd_core.errors import AsdError
from asd_core.pages.night.navigation import Neighbours
from asd_core.store.tables import CAPTIONS

Row = Mapping[str, Any]
"""Column → value in one row of a table."""


@dataclass(frozen=True)
class MachineRecord:
    """One machine that has a scorer.

    Attributes:
        machine_type: as in the scores.
        machine_id: as in the scores.
        scorer_version: name of the scorer that scored this night.
        n_normal_clips: number of normal clips that the scorer learnt from.
        decision_threshold: a clip that scores above it is flagged; None where there is none.
        median_unseen_score: median score of normal clips that were not learnt from; None where unknown.
        false_alarm_rate: share of those clips above the threshold, in [0, 1]; None where unknown.
        notes: where the scorer departed from its settings, one line each.
        embeddings_note: a reservation about the embeddings (imported, random weights); "" where there is none.
        quantile: of the threshold: share of normal clips that should not be flagged; None where unknown.
        lenders: number of machines that the clips are of, where the scorer is its type's; 0 for one of its own.
    """

    machine_type: str
    machine_id: str
    scorer_version: str
    n_normal_clips: int
    decision_threshold: float | None
    median_unseen_score: float | None
    false_alarm_rate: float | None
    notes: tuple[str, ...] = ()
    embeddings_note: str = ""
    quantile: float | None = None
    lenders: int = 0

    @property
    def all_notes(self) -> tuple[str, ...]:
        """The scorer's notes and the embeddings'."""
        return (*self.notes, self.embeddings_note) if self.embeddings_note else self.notes

    @property
    def p_normals(self) -> int:
        """The number that bounds the p of a clip: normal clips, or other machines where it has none of its own."""
        return self.lenders or self.n_normal_clips

    @property
    def is_random(self) -> bool:
        """The scores come from random weights."""
        return any(map(_tells_random_weights, self.all_notes))

    @property
    def reservations(self) -> tuple[str, ...]:
        """The notes that stay in sight: random weights."""
        return tuple(note for note in self.all_notes if _tells_random_weights(note))

    @property
    def remarks(self) -> tuple[str, ...]:
        """The other notes, which are for people who know machine learning."""
        return tuple(note for note in self.all_notes if not _tells_random_weights(note))


def _tells_random_weights(note: str) -> bool:
    return "random weight" in note.lower()


Tier = Literal["act", "watch", "within_chance", "not_decided"]


@dataclass(frozen=True)
class Judgement:
    """The tier of a machine's night.

    Attributes:
        tier: ``act`` is an alarm.
        place: among all machines of the night, alarms first and then by evidence.
        sentence: for people.
        state: of its alarm: "new", "continuing", "cleared" or "".
        nights_in_alarm: judged nights of its alarm so far.
        rarity: how often a well machine has such a night, in words; "" where nothing is decided.
        label: the answer of a person that holds for the night, "normal", "fault", "ignore" or "".
        is_acknowledged: the alarm stays quiet for that answer.
    """

    tier: Tier
    place: int
    sentence: str
    state: str = ""
    nights_in_alarm: int = 0
    rarity: str = ""
    label: str = ""
    is_acknowledged: bool = False


@dataclass(frozen=True)
class Night:
    """One night of a fleet.

    Attributes:
        recipe: name of the recipe.
        key: the store's KEY of the recipe and its encoder.
        date: the recordings' date, such as "2026-11-19", or "undated".
        run: the run record: ``run_id``, ``counts``, ``timings``, ``versions``; shown as it is.
        scores: every row of the night, errors too; schema `asd_core.store.tables.SCORES`.
        history: rows of earlier nights, with the columns uri, machine_type, machine_id, date, anomaly_score,
            decision_threshold, is_flagged and p_value; errors may be among them.
        machines: every machine with a scorer, heard this night or not.
        captions: difference captions of the night's clips, errors too; schema `asd_core.store.tables.CAPTIONS`.
        alarms: the sentence on top, which counts alarms, and lines on what is no alarm of a machine; none for a night
            whose alarms were not found.
        alarms_mark: digest of what the alarms say, which tells a page that is no longer true; "" without alarms.
        alarms_problem: why the alarms could not be found; "" where they were.
        judgements: (machine type, machine id) → its tier; none for such a night.
        clip_labels: uri → what a person called the clip, in words.
        neighbours: the nights that the page leads to; None for a page that stands alone.
    """

    recipe: str
    key: str
    date: str
    run: Mapping[str, object]
    scores: pa.Table
    history: pa.Table
    machines: Sequence[MachineRecord]
    captions: pa.Table = field(default_factory=CAPTIONS.empty_table)
    alarms: Sequence[str] = ()
    alarms_mark: str = ""
    alarms_problem: str = ""
    judgements: Mapping[tuple[str, str], Judgement] = field(default_factory=dict)
    clip_labels: Mapping[str, str] = field(default_factory=dict)
    neighbours: Neighbours | None = None


def rows_of(table: pa.Table, columns: Sequence[str], name: str) -> list[Row]:
    """These columns of a table, row by row.

    Raises:
        AsdError: a column is missing; names the table.
    """
    missing = [column for column in columns if column not in table.column_names]
    if missing:
        raise AsdError(f"cannot report on the {name}: column {missing[0]} is missing; pass a table of the store")
    return table.select(list(columns)).to_pylist()  # type: ignore[no-any-return]
