"""Alarms of a fleet as they are once people have answered: some ended, some quiet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.acknowledged import NightAnswer, acknowledged
from asd_core.alarms.discoveries import Tiers, persistent
from asd_core.alarms.episodes import Episodes, episodes, tiers
from asd_core.alarms.machine_nights import Floats, Integers
from asd_core.alarms.over_nights import AlarmRules, FleetNights


@dataclass(frozen=True)
class LabelledNights:
    """M machines over T nights, with the answers of people.

    Attributes:
        episodes: the alarms. A night that is labelled normal is none, and ends the one before.
        tiers: (M, T). An acknowledged alarm is watched, a night that is labelled normal is within chance.
        acknowledged: (M, T) True for alarms that stay quiet.
        answers: (machine, night) → the answer that holds for it, the one that quiets an alarm on later nights too.
    """

    episodes: Episodes
    tiers: Tiers
    acknowledged: NDArray[np.bool_]
    answers: Mapping[tuple[int, int], NightAnswer]


def with_answers(
    judged: FleetNights,
    distances: Floats,
    dates: Sequence[str],
    answers: Mapping[tuple[int, int], NightAnswer],
    learnt: Integers,
    rules: AlarmRules,
    ended: NDArray[np.bool_] | None = None,
) -> LabelledNights:
    """Lay the answers of people over judged nights. No p-value and no level of an alarm changes.

    Args:
        judged: the nights by their scores alone.
        distances: (2, M, T) of the nights by the mean and by the worst clip, as they were judged.
        dates: (T,) of the nights, ascending.
        answers: (machine, night) → the answer on it.
        learnt: (M,) nights that each machine was judged by.
        rules: that the nights were judged by.
        ended: (M, T) True for nights that end an alarm without an answer; None for none.
    """
    if not answers and ended is None:
        none = np.zeros(judged.p_values.shape, bool)
        return LabelledNights(judged.episodes, judged.tiers, none, {})
    normal = np.zeros(judged.p_values.shape, bool) if ended is None else ended.copy()
    for place in (place for place, answer in answers.items() if answer.answer == "normal"):
        normal[place] = True
    judged_here = ~np.isnan(judged.p_values)
    # A night that is labelled normal counts for nothing among the m of n nights of a later alarm.
    p_values = np.where(normal & judged_here, 1.0, judged.p_values)
    least, in_a_row = rules.persistence
    q_values = persistent(p_values, least, in_a_row, learnt)
    found = episodes(q_values, judged.levels, rules.clear_after, rules.watch, normal)
    quiet, told = acknowledged(found.states, _strength(judged, distances), dates, answers)
    tier = tiers(p_values, found.in_alarm, rules.watch)
    return LabelledNights(found, np.where(quiet, "watch", tier), quiet, {**told, **answers})


def _strength(judged: FleetNights, distances: Floats) -> Floats:
    """The larger distance of each night, (M, T), less a common shift of the fleet: a loud night is no worse fault."""
    apart = distances.copy()
    for night in np.flatnonzero(judged.fleet_shifted):
        apart[:, :, night] = judged.shifts[night].taken_from(*distances[:, :, night])
    return np.asarray(np.fmax(apart[0], apart[1]))


def told_with(answer: NightAnswer, sentence: str, *, is_acknowledged: bool, unlabelled_state: str) -> str:
    """The sentence of a night with the answer of a person before it.

    Args:
        answer: that holds for the night.
        sentence: of the night by its scores.
        is_acknowledged: the night is in an alarm that the answer quiets.
        unlabelled_state: of the alarm that the scores alone would make; "" for none.

    Example:
        >>> told_with(NightAnswer("normal", labelled_by="Ann"), "", is_acknowledged=False, unlabelled_state="new")
        'Labelled normal by Ann. By its scores alone it is a new alarm.'
    """
    if answer.answer == "normal":
        alarm = {"new": "it is a new alarm", "continuing": "its alarm goes on"}.get(unlabelled_state, "it is no alarm")
        return f"{in_words(answer)}. By its scores alone {alarm}."
    return f"{in_words(answer, is_acknowledged=is_acknowledged)}. {sentence}"


def in_words(answer: NightAnswer, *, is_acknowledged: bool = False) -> str:
    """The answer of a person in words.

    Example:
        >>> in_words(NightAnswer("fault", "loose belt", labelled_by="Ann"))
        'Labelled a fault by Ann ("loose belt")'
    """
    by = f" by {answer.labelled_by}" if answer.labelled_by else ""
    words = f' ("{answer.words}")' if answer.words else ""
    until = f" until {answer.until}" if answer.until else ""
    what = {"normal": "Labelled normal", "fault": "Labelled a fault", "ignore": f"Labelled to be ignored{until}"}
    if is_acknowledged:
        what |= {"fault": "Acknowledged as a fault", "ignore": f"Acknowledged and ignored{until}"}
    return f"{what[answer.answer]}{by}{words}"
