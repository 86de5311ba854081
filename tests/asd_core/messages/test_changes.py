from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.messages.changes import ToldAlarm, acknowledged, changes, is_in_alarm, machine_of
from tests.asd_core.messages.nights import acknowledged_row, row

KNOWN = {("fan", "01"): ToldAlarm("2026-11-14", "a", "2026-11-14T06:00:00Z")}
LAST = "2026-11-14"


def told(known, *rows, last=LAST):
    return [(change.kind, change.machine[1], change.since, change.is_return) for change in changes(known, rows, last)]


def test_a_new_alarm_is_told_and_one_that_goes_on_is_not():
    assert told({}, row("01"), last="") == [("alarm", "01", "2026-11-15", False)]
    assert told(KNOWN, row("01", "continuing", since="2026-11-14")) == []


def test_an_alarm_that_nobody_was_told_of_is_told_however_old_it_is():
    assert told({}, row("01", "continuing", since="2026-10-01")) == [("alarm", "01", "2026-10-01", False)]


def test_an_alarm_that_is_over_is_told_once_and_only_where_it_was_told():
    quiet = row("01", "cleared", since="2026-11-14")
    assert told(KNOWN, quiet) == [("cleared", "01", "2026-11-14", False)] and told({}, quiet) == []


def test_another_rule_or_a_label_that_takes_an_alarm_back_ends_it():
    for tier in ("within_chance", "watch"):
        assert told(KNOWN, row("01", "", tier=tier)) == [("cleared", "01", "2026-11-14", False)]


def test_a_machine_that_is_not_decided_or_has_no_row_has_not_changed():
    assert told(KNOWN, row("01", "", tier="not_decided")) == told(KNOWN) == []


def test_an_alarm_that_a_person_has_answered_is_quiet_until_it_is_back():
    answered = acknowledged_row("01", "2026-11-15", "2026-11-14")
    assert told(KNOWN, answered) == told({}, answered) == []
    quiet = acknowledged(KNOWN, [answered])
    assert quiet == {("fan", "01"): replace(KNOWN["fan", "01"], is_acknowledged=True)}
    assert told(quiet, row("01", "continuing", since="2026-11-14")) == [("alarm", "01", "2026-11-14", True)]
    assert told(quiet, row("01", "cleared", since="2026-11-14")) == [("cleared", "01", "2026-11-14", False)]


def test_an_alarm_that_ended_unseen_is_over_before_the_next_one_begins():
    again = row("01", "continuing", date="2026-11-20", since="2026-11-19")
    assert told(KNOWN, again) == [("cleared", "01", "2026-11-14", False), ("alarm", "01", "2026-11-19", False)]


def test_an_alarm_that_another_rule_begins_on_another_night_is_the_same_one():
    assert told(KNOWN, row("01", "continuing", since="2026-11-13")) == []


STATES = st.sampled_from(["new", "continuing", "cleared", "", "absent"])


@settings(max_examples=20)
@given(st.lists(st.dictionaries(st.sampled_from("abc"), STATES), max_size=8))
def test_whoever_follows_the_messages_knows_the_machines_in_alarm(nights):
    told, followed, last = {}, set(), ""
    for number, states in enumerate(nights):
        date = f"2026-11-{number + 1:02d}"
        rows = [row(name, state, date, since="2026-11-01") for name, state in states.items() if state != "absent"]
        for change in changes(told, rows, last):
            (followed.add if change.kind == "alarm" else followed.remove)(change.machine)
        told = {machine: ToldAlarm("2026-11-01", "a", "") for machine in followed}
        last = date
        for one in rows:
            assert (machine_of(one) in followed) is is_in_alarm(one)
