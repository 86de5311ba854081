"""Alarms of machines that are judged by the other machines of their type, night after night."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.borrowed_sentences import BorrowedNight, borrowed_sentence
from asd_core.alarms.discoveries import Tier, Tiers, persistent
from asd_core.alarms.episodes import Episodes, State, episodes, tiers
from asd_core.alarms.labelled_nights import told_with
from asd_core.alarms.lent_nights import LEAST_MACHINES
from asd_core.alarms.over_nights import AlarmRules
from asd_core.pipeline.gathered_nights import Floats, GatheredNights, Machine


@dataclass(frozen=True)
class BorrowedNights:
    """B machines that borrowed in one of T nights.

    Attributes:
        places: machine → its position.
        nights: (B, T) number of scored nights of the machine so far.
        levels: (T,) the largest p that is an alarm of such a machine.
        episodes: their alarms.
        tiers: (B, T).
    """

    places: dict[Machine, int]
    nights: NDArray[np.int64]
    levels: Floats
    episodes: Episodes
    tiers: Tiers

    def told(
        self, night: int, dates: Sequence[str], row: Mapping[str, Any], answer: NightAnswer | None = None
    ) -> dict[str, Any]:
        """Columns of ALARMS that are other than those of machines with nights of their own.

        A night that is more unusual than those of all lenders is watched, however few these are.

        Args:
            night: its position.
            dates: of the nights, (T,).
            row: of EVIDENCE of this night, of a machine that borrowed.
            answer: of a person on this night: its alarm is over if it is normal, and stays quiet otherwise.
        """
        place, alarms = self.places.get((row["machine_type"], row["machine_id"]), -1), self.episodes
        p_value, floor = row["lent_p_value"], row["lent_p_floor"]
        tier, state, since, count, own = "not_decided", "", -1, 0, 1
        if place >= 0:
            tier, state = str(self.tiers[place, night]), str(alarms.states[place, night])
            since, count = int(alarms.since[place, night]), int(alarms.nights_in_alarm[place, night])
            own = int(self.nights[place, night])
        if tier == "within_chance" and p_value <= floor:
            tier = "watch"
        judged = BorrowedNight(
            tier=cast(Tier, tier),
            state=cast(State, state),
            p_value=float("nan") if p_value is None else p_value,
            p_floor=float("nan") if floor is None else floor,
            machine_type=row["machine_type"],
            lenders=row["lenders"],
            least_lenders=LEAST_MACHINES,
            nights_in_alarm=count,
            own_nights=own,
        )
        said, unlabelled = borrowed_sentence(judged), state
        is_quiet = answer is not None and answer.answer != "normal" and tier == "act"
        if answer is not None:
            said = told_with(answer, said, is_acknowledged=is_quiet, unlabelled_state=state)
            tier = "watch" if is_quiet else tier
            if answer.answer == "normal" and p_value is not None:
                tier, state, since, count = "within_chance", "", -1, 0
        return {
            "tier": tier,
            "state": state or None,
            "since": dates[since] if since >= 0 else None,
            "nights_in_alarm": count,
            "p_value": p_value,
            "p_floor": floor,
            "alarm_level": float(self.levels[night]),
            "pooled_over": None if p_value is None else row["machine_type"],
            "unlabelled_state": unlabelled or None,
            "acknowledged": is_quiet if state else None,
            "sentence": said,
        }


def judge_borrowed(gathered: GatheredNights, own: Floats, rules: AlarmRules) -> BorrowedNights:
    """Apply a rule to the nights in which machines borrowed.

    Their alarms are for ``family``: p at most the false alarms over all machines of the night, these among them. The
    false alarms that are asked for are exceeded by their share of the fleet at most.

    Args:
        gathered: nights with the columns ``lenders``, ``lent_p_value`` and ``clips``.
        own: (M, T) p-values of the machines that were judged by their own nights; NaN for none.
        rules: what becomes an alarm.
    """
    p_values, clips = gathered.matrix("lent_p_value"), gathered.matrix("clips")
    rows = np.flatnonzero(np.isfinite(gathered.matrix("lenders")).any(axis=1))
    p_values, scored = p_values[rows], np.nan_to_num(clips[rows]) > 0
    machines = np.isfinite(p_values).sum(axis=0) + np.isfinite(own).sum(axis=0)
    levels = np.minimum(1.0, rules.false_alarms / np.maximum(machines, 1))
    least, in_a_row = rules.persistence
    judged = persistent(p_values, least, in_a_row)
    alarms = episodes(judged, levels, rules.clear_after, rules.watch)
    places = {gathered.machines[row]: place for place, row in enumerate(rows.tolist())}
    told = tiers(p_values, alarms.in_alarm, rules.watch)
    return BorrowedNights(places, np.cumsum(scored, axis=1), levels, alarms, told)
