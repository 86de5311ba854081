import json
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.messages.message import time_text
from asd_core.messages.night_messages import FailedNight, MissingNight, NightIsThere, Trial
from asd_core.messages.posting import Answer
from asd_core.messages.webhook import MOST_MESSAGES, About
from tests.asd_core.messages.nights import ALERTS, SLACK, WEBHOOK, Taken, acknowledged_row, night, row, teller

ABOUT = About("twfr-gmm-1", "2026-11-15")
NOW = datetime(2026, 11, 16, 5, 30, tzinfo=UTC)


def told(folder, *plans, receivers=(WEBHOOK,), at=NOW):
    """Bodies that are taken when these are told one after another."""
    post = Taken()
    for plan in plans:
        teller(folder, *receivers, post=post, now=lambda: at).tell("twfr-gmm-1", plan)
    return [json.loads(body) for body in post]


def kinds(bodies):
    return [(body["kind"], body["machine_id"]) for body in bodies]


def test_an_alarm_is_told_once_and_once_more_when_it_is_over(tmp_path):
    on, over = row("01", "continuing", since="2026-11-15"), row("01", "cleared", since="2026-11-15")
    nights = [night(row("01")), night(row("01")), night(on, date="2026-11-16"), night(over, date="2026-11-17")]
    begun, ended = told(tmp_path, *nights, night(row("01", ""), date="2026-11-18"))
    assert kinds([begun, ended]) == [("alarm", "01"), ("cleared", "01")]
    assert begun["alarm_id"] == ended["alarm_id"] and begun["message_id"] != ended["message_id"]


def test_a_night_before_the_newest_tells_nothing_and_takes_nothing_back(tmp_path):
    nights = [night(row("01"), date="2026-11-15"), night(row("01", ""), row("02"), date="2026-11-10")]
    assert kinds(told(tmp_path, *nights)) == [("alarm", "01")]


def test_an_answered_alarm_is_quiet_and_told_again_when_it_is_back(tmp_path):
    nights = [
        night(row("01")),
        night(acknowledged_row("01", "2026-11-16", "2026-11-15"), date="2026-11-16"),
        night(row("01", "continuing", since="2026-11-15"), date="2026-11-17"),
    ]
    first, back = told(tmp_path, *nights)
    assert (first["is_return"], back["is_return"]) == (False, True) and first["alarm_id"] == back["alarm_id"]
    assert "in alarm again" in back["text"]


def test_a_label_that_is_taken_back_tells_the_alarm_again(tmp_path):
    bodies = told(tmp_path, night(row("01")), night(row("01", "")), night(row("01")))
    assert [kind for kind, _ in kinds(bodies)] == ["alarm", "cleared", "alarm"]
    assert len({body["message_id"] for body in bodies}) == 3


def test_more_changes_than_a_chat_can_bear_are_one_message(tmp_path):
    some, many = ([row(f"{n:03d}") for n in range(count)] for count in (MOST_MESSAGES, MOST_MESSAGES + 1))
    assert len(told(tmp_path / "some", night(*some))) == MOST_MESSAGES
    (body,) = told(tmp_path / "many", night(*many))
    assert (body["kind"], body["alarms"]) == ("digest", MOST_MESSAGES + 1)
    quiet = night(*(row(f"{n:03d}", "") for n in range(5)), date="2026-11-16")
    assert len(told(tmp_path / "many", quiet)) == 5


def test_alertmanager_gets_what_fires_each_night_and_what_ended(tmp_path):
    on, over = row("01", "continuing", since="2026-11-15"), row("02", "cleared", since="2026-11-15")
    nights = [night(row("01"), row("02")), night(on, over, date="2026-11-16")]
    first, second = told(tmp_path, *nights, receivers=(ALERTS,))
    assert [alert["endsAt"][:10] for alert in first] == ["2026-11-18"] * 2
    assert [alert["endsAt"][:10] for alert in second] == ["2026-11-18", "2026-11-16"]
    assert {alert["startsAt"] for alert in [*first, *second]} == {"2026-11-16T05:30:00.000000Z"}


def test_alertmanager_ends_an_alarm_that_a_person_has_answered_once(tmp_path):
    quiet = acknowledged_row("01", "2026-11-16", "2026-11-15")
    nights = [night(row("01")), *[night(quiet, date="2026-11-16")] * 2]
    fires, ended = told(tmp_path, *nights, receivers=(ALERTS,))
    assert fires[0]["endsAt"] > ended[0]["endsAt"] and len(ended) == 1


def test_alerts_that_wait_are_replaced_by_newer_ones(tmp_path):
    plan, later = night(row("01"), row("02")), night(row("02", "cleared", since="2026-11-15"), date="2026-11-16")
    dead = teller(tmp_path, ALERTS, post=Taken(*[Answer(False, False, "no")] * 99))
    assert dead.tell("twfr-gmm-1", plan)[0].pending == 1
    (alerts,) = told(tmp_path, later, receivers=(ALERTS,), at=NOW + timedelta(days=1))
    ends = {alert["labels"]["machine_id"]: alert["endsAt"] for alert in alerts}
    assert ends.keys() == {"01", "02"} and ends["02"].startswith("2026-11-17")


STATES = {"alarm": "continuing", "well": "", "over": "cleared"}
MACHINES = st.sampled_from([*STATES, "answered", "absent"])
NIGHTS = st.lists(st.dictionaries(st.sampled_from("abc"), MACHINES), min_size=1, max_size=6)


def row_of(name, state, date, since="2026-11-01"):
    return acknowledged_row(name, date, since) if state == "answered" else row(name, STATES[state], date, since)


@settings(max_examples=25)
@given(nights=NIGHTS, fails=st.lists(st.booleans(), max_size=6))
def test_whatever_fails_alertmanager_knows_the_machines_in_alarm_once_it_is_told(tmp_path_factory, nights, fails):
    folder, known = tmp_path_factory.mktemp("alerts"), {}

    def receive(url, body, seconds):
        if is_down:
            return Answer(False, True, "status 500")
        known.update({alert["labels"]["machine_id"]: alert["endsAt"] for alert in json.loads(body)})
        return Answer(True, True)

    for number, states in enumerate(nights):
        now, date = NOW + timedelta(days=number), f"2026-11-{number + 1:02d}"
        is_down = number < len(fails) and fails[number] and number < len(nights) - 1
        rows = [row_of(name, state, date) for name, state in states.items() if state != "absent"]
        teller(folder, ALERTS, post=receive, now=lambda now=now: now).tell("twfr-gmm-1", night(*rows, date=date))
    firing = {name for name, ends in known.items() if ends > time_text(now)}
    for name, state in states.items():
        assert state == "absent" or (name in firing) is (state == "alarm")


def test_a_night_that_fails_is_told_once_a_day_until_one_is_whole(tmp_path):
    failed = FailedNight(ABOUT, "no archive")
    assert len(told(tmp_path, failed, failed)) == 1
    assert len(told(tmp_path, failed, at=NOW + timedelta(days=1))) == 1
    half, whole = (NightIsThere(ABOUT, "2026-11-16T06:00:00", is_whole) for is_whole in (False, True))
    assert told(tmp_path, half) == []
    (body,) = told(tmp_path, whole, whole)
    assert (body["kind"], body["night"]) == ("night_recovered", "2026-11-15")


def test_a_missing_night_is_told_once_and_the_next_one_again(tmp_path):
    first, second = (MissingNight(ABOUT, "2026-11-15T06:00:00", nights, "late") for nights in (1, 2))
    assert [body["kind"] for body in told(tmp_path, first, first, second, second)] == ["night_missing"] * 2
    same, newer = (NightIsThere(ABOUT, f"2026-11-{day}T06:00:00") for day in (15, 16))
    assert told(tmp_path, same) == []
    assert [body["kind"] for body in told(tmp_path, newer, newer)] == ["night_recovered"]


def test_alerts_of_nights_fire_and_end(tmp_path):
    plans = [FailedNight(ABOUT, "x"), MissingNight(ABOUT, "", 1, "y"), NightIsThere(ABOUT, "2026-11-16T06:00:00")]
    failed, missing, ended = told(tmp_path, *plans, receivers=(ALERTS,))
    fired = {alert["labels"]["alertname"] for alert in [*failed, *missing]}
    assert fired == {alert["labels"]["alertname"] for alert in ended} == {"AsdNightFailed", "AsdNightMissing"}
    assert {alert["endsAt"] for alert in ended} == {"2026-11-16T05:30:00.000000Z"}


def test_a_trial_reaches_every_receiver(tmp_path):
    webhook, slack, alerts = told(tmp_path, Trial(ABOUT), receivers=(WEBHOOK, SLACK, ALERTS))
    assert webhook["kind"] == "test" and set(slack) == {"text"}
    assert alerts[0]["labels"]["alertname"] == "AsdTest"
