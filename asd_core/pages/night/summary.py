"""A night summed up: its machines in the order of how wrong they sound, and its errors by reason."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from asd_core.alarms.clip_certainty import too_few_normals
from asd_core.digest import name_hash
from asd_core.pages.night.contents import Judgement, MachineRecord, Night, Row, rows_of
from asd_core.pages.night.history_chart import HistoryChart, draw_history
from asd_core.pages.night.problems import Problem, group_problems
from asd_core.pages.night.scored_clip import CERTAINTY, NEAREST, SEGMENTS, ScoredClip, excess, scored_clip, worst_first
from asd_core.pages.night.tier_words import State, Status, status_of
from asd_core.pipeline.type_scorers import is_borrowed
from asd_core.readable import machine_name

_HISTORY = ("machine_type", "machine_id", "date", "anomaly_score", "decision_threshold", "is_flagged")
_TONIGHT = (*_HISTORY, "clip_id", "uri", "recorded_at", "error_reason", "error", "warning", "p_value")


@dataclass(frozen=True)
class MachineNight:
    """One machine this night; ``flagged`` and, of the clips with a caption, ``others`` have the worst clip first.

    A machine that ``borrows`` has too few nights of its own, and was scored by those of its type.
    """

    name: str
    anchor: str
    record: MachineRecord | None
    n_clips: int
    n_scored: int
    flagged: tuple[ScoredClip, ...]
    others: tuple[ScoredClip, ...]
    worst_score: float | None
    worst_excess: float | None
    decision_threshold: float | None
    history: HistoryChart | None
    judgement: Judgement | None = None
    borrows: bool = False

    @property
    def state(self) -> State:
        """``unusable`` is a machine with clips of which none could be scored, ``silent`` one without a clip."""
        if self.n_scored:
            return "flagged" if self.flagged else "normal"
        return "unusable" if self.n_clips else "silent"

    @property
    def n_errors(self) -> int:
        """The clips that could not be scored."""
        return self.n_clips - self.n_scored

    @property
    def expected_flagged(self) -> float | None:
        """The clips to be flagged by chance if the machine is normal; None where its false-alarm rate is unknown."""
        rate = self.record.false_alarm_rate if self.record else None
        return None if rate is None or not self.n_scored else rate * self.n_scored

    @property
    def status(self) -> Status:
        """Its tier and alarm in words; its flags where nothing was judged."""
        return status_of(self.judgement, self.state)

    @property
    def is_well(self) -> bool:
        """Nothing is to be done about it: its night is within chance."""
        return self.judgement is not None and self.judgement.tier == "within_chance"

    @property
    def too_few_normals(self) -> str:
        """Why none of its clips can be decided on; "" where they can, or where that is not known."""
        if self.record is None or self.record.quantile is None:
            return ""
        unit = "machine" if self.record.lenders else "normal"
        return too_few_normals(self.record.p_normals, self.record.quantile, unit)

    @property
    def rank(self) -> tuple[float, int, float, float, str]:
        """Sort key: judged machines by evidence, then by state, share of clips flagged and worst excess."""
        judged = self.judgement
        place = judged.place if judged and judged.tier != "not_decided" else math.inf
        state = ("flagged", "normal", "unusable", "silent").index(self.state)
        worst = self.worst_excess if self.worst_excess is not None else -math.inf
        return (place, state, -len(self.flagged) / max(self.n_scored, 1), -worst, self.name)


@dataclass(frozen=True)
class Summary:
    """The counts of a night, its machines in the order of how wrong they sound, and its problems by reason."""

    n_listed: int
    n_scored: int
    flagged: tuple[ScoredClip, ...]
    machines: tuple[MachineNight, ...]
    errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]

    @property
    def n_errors(self) -> int:
        """The clips that could not be scored."""
        return self.n_listed - self.n_scored

    @property
    def n_heard(self) -> int:
        """The machines with at least one scored clip."""
        return sum(machine.n_scored > 0 for machine in self.machines)

    @property
    def expected_flagged(self) -> float | None:
        """The clips to be flagged by chance if all machines are well; None where a machine's share is unknown."""
        heard = [machine.expected_flagged for machine in self.machines if machine.n_scored]
        return None if None in heard else sum(share for share in heard if share is not None)

    @property
    def tiers(self) -> Mapping[str, int]:
        """Tier → number of machines; all 0 where nothing was judged."""
        found = Counter(machine.judgement.tier for machine in self.machines if machine.judgement)
        return {tier: found[tier] for tier in ("act", "watch", "within_chance", "not_decided")}

    @property
    def n_acknowledged(self) -> int:
        """The machines whose alarm stays quiet for the answer of a person; their tier is ``watch``."""
        return sum(machine.judgement.is_acknowledged for machine in self.machines if machine.judgement)

    def in_state(self, state: State) -> list[MachineNight]:
        """The machines in one state, in the page's order."""
        return [machine for machine in self.machines if machine.state == state]


def summarise(night: Night, captioned: Collection[str] = ()) -> Summary:
    """Sum up a night. Machines come by the evidence of their nights, then by the share of their clips flagged.

    Args:
        night: the night to report.
        captioned: ids of clips that have a caption, and so are shown even where they are not flagged.

    Raises:
        AsdError: a table lacks a column.
    """
    rows = rows_of(night.scores, _TONIGHT + CERTAINTY + NEAREST + SEGMENTS, "scores")
    earlier = _by_machine(row for row in rows_of(night.history, _HISTORY, "history") if row["date"] != night.date)
    tonight = _by_machine(rows)
    records = {(record.machine_type, record.machine_id): record for record in night.machines}
    machines = [
        _machine(key, records.get(key), tonight[key], earlier[key], night, captioned)
        for key in sorted(records.keys() | tonight.keys())
    ]
    errors = [row for row in rows if not _is_scored(row)]
    return Summary(
        n_listed=len(rows),
        n_scored=len(rows) - len(errors),
        flagged=tuple(sorted((clip for machine in machines for clip in machine.flagged), key=worst_first)),
        machines=tuple(sorted(machines, key=lambda machine: machine.rank)),
        errors=group_problems(errors, "error_reason", "error"),
        warnings=group_problems([row for row in rows if row["warning"]], "warning", ""),
    )


def _by_machine(rows: Iterable[Row]) -> Mapping[tuple[str, str], list[Row]]:
    groups: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row["machine_type"], row["machine_id"]].append(row)
    return groups


def _is_scored(row: Row) -> bool:
    return row["anomaly_score"] is not None and row["error_reason"] is None


def _machine(
    key: tuple[str, str],
    record: MachineRecord | None,
    rows: Sequence[Row],
    earlier: Sequence[Row],
    night: Night,
    captioned: Collection[str],
) -> MachineNight:
    name = machine_name(*key)
    median = record.median_unseen_score if record else None
    scored = [row for row in rows if _is_scored(row)]
    shown = [row for row in scored if row["is_flagged"] or row["clip_id"] in captioned]
    normals = record.p_normals if record else 0
    told = (
        replace(scored_clip(row, name, median, normals), label=night.clip_labels.get(row["uri"], "")) for row in shown
    )
    clips = sorted(told, key=worst_first)
    worst = max(scored, key=lambda row: row["anomaly_score"], default=None)
    worst_score = worst["anomaly_score"] if worst else None
    threshold = record.decision_threshold if record else None
    if worst is not None and worst["decision_threshold"] is not None:
        threshold = worst["decision_threshold"]
    return MachineNight(
        name=name,
        anchor="machine-" + name_hash(*key),
        record=record,
        n_clips=len(rows),
        n_scored=len(scored),
        flagged=tuple(clip for clip in clips if clip.is_flagged),
        others=tuple(clip for clip in clips if not clip.is_flagged),
        worst_score=worst_score,
        worst_excess=None if worst_score is None else excess(worst_score, threshold, median),
        decision_threshold=threshold,
        history=draw_history(earlier, scored, night.date),
        judgement=night.judgements.get(key),
        borrows=any(is_borrowed(row["scorer_version"]) for row in scored),
    )
