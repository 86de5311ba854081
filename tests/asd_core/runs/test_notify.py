import json
from datetime import UTC, datetime, timedelta

import pytest

from asd_core.errors import AsdError
from asd_core.messages.outbox import Sendings
from asd_core.messages.posting import Answer
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.runs.newest_night import NewestNight
from asd_core.runs.notify import (
    Audience,
    Outcome,
    tell_failed_night,
    tell_missing_night,
    tell_night,
    tell_trial,
    tell_without_store,
)
from asd_core.store.alarm_schemas import ALARMS
from asd_core.store.layout import night_page_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.messages.nights import ALERTS, WEBHOOK, Taken
from tests.stored_rows import blank_rows

KEY, NIGHT = "twfr-knn-1", "2026-11-15"
COMMITTED = datetime(2026, 11, 16, 5, 30, tzinfo=UTC)
NEWEST = NewestNight(KEY, NIGHT, COMMITTED.isoformat())


@pytest.fixture
def store(tmp_path):
    """A store in which one night is scored."""
    made = Store(LocalFiles(tmp_path / "store"))
    made.commit_run({"run_id": "nightly-1", "job": "nightly", "key": KEY, "dates": [NIGHT]} | _committed())
    return made


def _committed():
    return {"committed_at": COMMITTED.isoformat(timespec="microseconds"), "counts": {}, "score_files": {}}


def summary(*machines, date=NIGHT):
    """A night in which these machines are in a new alarm."""
    count = len(machines)
    rows = blank_rows(
        ALARMS,
        count,
        machine_type=["fan"] * count,
        machine_id=list(machines),
        date=[date] * count,
        tier=["act"] * count,
        state=["new"] * count,
        since=[date] * count,
        acknowledged=[False] * count,
    )
    return AlarmSummary(date, rows, AlarmConfig())


def told(post):
    return [(body["kind"], body["machine_id"]) for body in map(json.loads, post)]


def test_a_night_is_told_with_its_run_and_its_page(store):
    store.files.write(night_page_path(KEY, NIGHT), b"")
    outcome = tell_night(store, KEY, summary("01"), Audience([WEBHOOK], "https://asd.example/s/", post := Taken()))
    body = json.loads(post[0])
    assert (body["kind"], body["run_id"], body["night"]) == ("alarm", "nightly-1", NIGHT)
    assert body["report"] == f"https://asd.example/s/reports/{KEY}/date%3D{NIGHT}/index.html"
    assert outcome.json()["sent"] == 1 and outcome.notes() == [] and outcome.is_whole


def test_a_night_whose_alarms_are_not_known_sends_what_waits(store):
    refuses = Taken(*[Answer(False, False, "status 400")] * 9)
    dead = Audience([WEBHOOK], post=refuses, sleep=lambda _: None)
    assert tell_night(store, KEY, summary("01"), dead).json()["pending"] == 1
    assert tell_night(store, KEY, None, Audience([WEBHOOK], post=(post := Taken()))).json()["sent"] == 1
    assert told(post) == [("alarm", "01")] and json.loads(post[0])["report"] is None


def test_nights_without_a_date_are_compared_with_one_another_alone(store):
    audience = Audience([WEBHOOK], post=(post := Taken()))
    tell_failed_night(store, KEY, None, "no archive", audience)
    for night in (summary("01", date="undated"), summary("01"), summary("01", date="undated")):
        assert tell_night(store, KEY, night, audience).is_whole
    assert [kind for kind, _ in told(post)] == ["night_failed", "alarm", "night_recovered", "alarm"]


def test_a_failed_night_is_told_and_its_mend_too(store):
    audience = Audience([WEBHOOK], post=(post := Taken()))
    tell_failed_night(store, KEY, NIGHT, "there is no such folder", audience)
    tell_night(store, KEY, summary(), audience, is_whole=False)
    tell_night(store, KEY, summary(), audience)
    assert [kind for kind, _ in told(post)] == ["night_failed", "night_recovered"]
    assert "there is no such folder" in json.loads(post[0])["text"]


def test_a_night_that_fails_with_its_store_is_told_all_the_same(tmp_path):
    class Gone(LocalFiles):
        def list(self, *_, **__):
            raise AsdError("the store does not answer")

    audience = Audience([WEBHOOK, ALERTS], post=(post := Taken()))
    outcome = tell_failed_night(Store(Gone(tmp_path)), KEY, None, "the store does not answer", audience)
    assert len(post) == 2 and outcome.json()["sent"] == 2 and json.loads(post[0])["possibly_repeated"]
    assert tell_without_store("x", audience).json()["sent"] == 2


def missing(store, hours, post, newest=NEWEST):
    now = COMMITTED + timedelta(hours=hours)
    return tell_missing_night(store, KEY, newest, timedelta(hours=26), Audience([WEBHOOK], post=post), now)


def test_a_missing_night_is_told_once_each_day_and_its_return_once(store):
    post = Taken()
    for hours in (25, 27, 28, 49, 51, 52):
        missing(store, hours, post)
    assert [kind for kind, _ in told(post)] == ["night_missing"] * 2
    assert json.loads(post[0])["sentence"] == f"the newest night, {NIGHT}, was scored 27 h ago; 26 h are allowed."
    later = NewestNight(KEY, "2026-11-17", (COMMITTED + timedelta(hours=53)).isoformat())
    for _ in range(2):
        missing(store, 54, post, later)
    assert [kind for kind, _ in told(post)][2:] == ["night_recovered"]


def test_a_recipe_that_scored_nothing_lacks_a_night(store):
    missing(store, 27, post := Taken(), newest=None)
    assert json.loads(post[0])["sentence"] == f"no night of {KEY} was ever scored."


def test_a_trial_is_told(store):
    assert tell_trial(store, KEY, Audience([WEBHOOK], post=(post := Taken()))).is_whole
    assert told(post) == [("test", None)]


def test_notes_say_who_could_not_be_told():
    waiting = Sendings("a.example", pending=2, why="status 500", is_kept=True)
    old, lost = Sendings("b.example", given_up=1, is_kept=True), Sendings("c.example", given_up=1, why="no connection")
    outcome = Outcome([waiting, old, lost])
    assert outcome.notes() == [
        "2 messages wait for a.example: status 500; the next run sends them",
        "1 message was too old for b.example; what still holds is told anew",
        "c.example could not be told: no connection",
    ]
    assert outcome.json()["pending"] == 2 and not outcome.is_whole
    assert "is_kept" not in outcome.json()["receivers"][0]
