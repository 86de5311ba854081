"""Figures of nights on examples whose numbers can be counted on paper."""

import pyarrow as pa
import pytest

from asd_core.evaluation.night_figures import night_figures

DATES = [f"2026-11-{day:02d}" for day in range(1, 7)]
TIERS = {"A": "act", "n": "act", "w": "watch", ".": "within_chance", "c": "within_chance", "?": "not_decided"}
STATES = {"A": "continuing", "n": "new", "c": "cleared"}


def figures(machines, false_alarms=0.5):
    """Of machine → (conditions, alarms), a letter a night: "n"ormal, "a"nomalous, " " unknown; see TIERS and STATES."""
    clips, nights = [], {date: [] for date in DATES}
    for name, (conditions, alarms) in machines.items():
        for date, condition, alarm in zip(DATES, conditions, alarms, strict=False):
            own = {"machine_type": "fan", "machine_id": name}
            for word in {"n": ["normal"], "a": ["normal", "anomalous"], " ": [""]}[condition]:
                clips.append(own | {"date": date, "condition": word, "split": ""})
            nights[date].append(own | {"tier": TIERS[alarm], "state": STATES.get(alarm)})
    alarms = {date: pa.Table.from_pylist(rows) for date, rows in nights.items() if rows}
    return night_figures(pa.Table.from_pylist(clips), alarms, false_alarms)


def test_nights_are_counted_from_the_first_anomalous_clip_to_the_alarm():
    found = figures({"00": ("nnaaaa", "..w.nA"), "01": ("naaaaa", ".nAAAA"), "02": ("nnnnaa", "......")})
    assert [one.nights_to_alarm for one in found.machines.values()] == [3, 1, None]
    assert [one.is_missed for one in found.machines.values()] == [False, False, True]
    assert (found.found_machines, found.missed_machines, found.median_nights_to_alarm) == (2, 1, 3)


def test_an_alarm_that_begins_in_a_normal_night_is_false_and_counts_once():
    found = figures({"00": ("nnnnnn", ".nAAc."), "01": ("nnnnnn", "n.cn..")})
    assert (found.new_false_alarms, found.normal_nights) == (3, 12)
    assert found.false_alarms_per_machine_month == pytest.approx(3 * 30 / 12)
    assert found.asked_per_machine_month == pytest.approx(0.5 * 30 / 2)
    assert found.median_nights_to_alarm is None and found.missed_machines == 0


def test_an_alarm_in_a_normal_night_finds_no_fault_and_one_that_goes_on_does():
    gone, lasting = figures({"00": ("nnaa", "nc.."), "01": ("nnaa", ".nAA")}).machines.values()
    assert (gone.nights_to_alarm, gone.is_missed, gone.new_false_alarms) == (None, True, 1)
    assert (lasting.nights_to_alarm, lasting.new_false_alarms) == (1, 1)


def test_nights_not_decided_or_of_unknown_condition_enter_no_rate():
    found = figures({"00": ("  nnnn", "nA..??"), "01": ("naaa", "????")})
    assert (found.normal_nights, found.undecided_nights, found.new_false_alarms) == (2, 6, 0)
    assert found.missed_machines == 0


def test_half_of_the_machines_missed_leave_no_median():
    found = figures({"00": ("a", "n"), "01": ("a", ".")})
    assert found.median_nights_to_alarm is None and found.found_machines == found.missed_machines == 1


def test_no_night_of_known_condition_gives_no_figures():
    assert figures({"00": ("  ", "..")}) is None
