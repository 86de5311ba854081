"""Answers laid over judged nights: scores and p-values stay, alarms end or are quiet."""

import numpy as np
import pytest

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.labelled_nights import told_with, with_answers
from asd_core.alarms.over_nights import judge_distances
from asd_core.recipe.alarm_settings import AlarmConfig
from tests.asd_core.pipeline.nights import learnt_machines

NORMAL, FAULT = NightAnswer("normal"), NightAnswer("fault", "bearing", labelled_by="Ann")


def labelled(nights, answers, machines=4, **config):
    """Nights on which machines lie so high, judged with these answers."""
    fleet, rules = learnt_machines(machines, 14), AlarmConfig(**config)
    z = np.array(nights, float).T
    clips = np.full(z.shape, 5)
    judged = judge_distances(fleet.calibration, fleet.null, np.arange(len(nights)), np.stack([z, z]), clips, rules)
    dates = [f"2026-11-{day + 1:02d}" for day in range(len(nights))]
    return judged, with_answers(judged, np.stack([z, z]), dates, answers, fleet.calibration.means.learnt, rules)


def states(found):
    return found.episodes.states[0].tolist()


FAR = [9.0, 0, 0, 0]


def test_without_answers_all_is_as_the_scores_have_it():
    judged, found = labelled([FAR] * 3, {})
    assert found.episodes is judged.episodes and found.tiers is judged.tiers and not found.acknowledged.any()


def test_a_night_that_is_labelled_normal_is_no_alarm_and_ends_it():
    _, found = labelled([FAR] * 4, {(0, 1): NORMAL})
    assert states(found) == ["new", "cleared", "new", "continuing"]
    assert found.tiers[0].tolist() == ["act", "within_chance", "act", "act"]
    _, first = labelled([FAR] * 2, {(0, 0): NORMAL})
    assert states(first) == ["", "new"] and first.episodes.since[0].tolist() == [-1, 1]


def test_an_acknowledged_alarm_is_watched_and_goes_on():
    judged, found = labelled([FAR] * 3, {(0, 1): FAULT})
    assert states(found) == states(judged) and found.tiers[0].tolist() == ["act", "watch", "watch"]
    assert found.acknowledged[0].tolist() == [False, True, True]
    assert found.answers == {(0, 1): FAULT, (0, 2): FAULT}


def test_an_alarm_that_gets_clearly_worse_is_an_alarm_again():
    _, found = labelled([FAR, FAR, [20.0, 0, 0, 0]], {(0, 0): FAULT})
    assert found.tiers[0].tolist() == ["watch", "watch", "act"]


def test_a_shift_of_the_whole_fleet_makes_no_acknowledged_alarm_worse():
    loud = [FAR, FAR, [15.0, 6.0, 6.0, 6.0]]
    _, found = labelled([night + [night[1]] * 4 for night in loud], {(0, 0): FAULT}, machines=8)
    assert found.tiers[0].tolist() == ["watch"] * 3


def test_a_night_that_is_labelled_normal_is_none_of_m_of_n():
    judged, found = labelled([FAR, [0] * 4, FAR], {(0, 0): NORMAL}, persistence=(2, 3))
    assert judged.episodes.states[0, 2] == "new" and not found.episodes.in_alarm.any()


def test_no_answer_changes_an_earlier_night_or_another_machine():
    judged, found = labelled([FAR, FAR, [9.0, 9.0, 0, 0]], {(0, 1): NORMAL})
    assert (found.tiers[1:] == judged.tiers[1:]).all() and (found.tiers[:, 0] == judged.tiers[:, 0]).all()
    again, _ = labelled([FAR, FAR, [9.0, 9.0, 0, 0]], {(0, 1): FAULT})
    assert (again.p_values == judged.p_values).all() and (again.levels == judged.levels).all()


@pytest.mark.parametrize(
    ("answer", "is_acknowledged", "told"),
    [
        (FAULT, True, 'Acknowledged as a fault by Ann ("bearing"). Alarm.'),
        (FAULT, False, 'Labelled a fault by Ann ("bearing"). Alarm.'),
        (NightAnswer("ignore", until="2026-12-01"), True, "Acknowledged and ignored until 2026-12-01. Alarm."),
        (NightAnswer("ignore", until="2026-12-01"), False, "Labelled to be ignored until 2026-12-01. Alarm."),
        (NORMAL, False, "Labelled normal. By its scores alone its alarm goes on."),
    ],
)
def test_the_answer_stands_before_the_sentence(answer, is_acknowledged, told):
    found = told_with(answer, "Alarm.", is_acknowledged=is_acknowledged, unlabelled_state="continuing")
    assert found == told
