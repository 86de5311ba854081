"""A server sees what runs commit without a restart, and reads nothing twice."""

import pytest

from asd_core.pages.fleet.contents import LETTERS
from asd_core.runs.label import AskedLabel, label
from asd_core.serving.fleet_memory import FleetMemory, recipe_name
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.store import Store, open_store
from tests.asd_core.serving.stores import DATES, FAN, PUMP, VALVE, keep_night, keep_scorers, plant
from tests.many_nights.bucket import Bucket
from tests.many_nights.plant import KEY, keep_record


@pytest.fixture
def bucket():
    found = Bucket({})
    plant(Store(found))
    return found


def letters(memory, dates=DATES):
    fleet = memory.history(KEY, dates)
    rows = zip(fleet.machines, fleet.cells, strict=True)
    return {machine: "".join(LETTERS[cell] for cell in row) for machine, row in rows}


def test_nights_are_read_once(bucket):
    memory = FleetMemory(Store(bucket))
    assert letters(memory) == {FAN: "·NA", PUMP: "··W", VALVE: "·W-"}
    bucket.requests.clear()
    assert letters(memory) == {FAN: "·NA", PUMP: "··W", VALVE: "·W-"}
    assert memory.night(KEY, DATES[2]) is not None and bucket.requests["read", "alarms"] == 1
    assert memory.night(KEY, DATES[2]) is not None and bucket.requests["read", "alarms"] == 1
    assert not {folder for kind, folder in bucket.requests if kind == "write"}


def test_a_newer_night_is_there_without_a_restart(bucket):
    memory, store = FleetMemory(Store(bucket)), Store(bucket)
    assert memory.dates(KEY) == DATES
    keep_night(store, "2026-11-20", {FAN: "C", ("new", "1"): "?"})
    assert memory.dates(KEY)[-1] == "2026-11-20"
    assert letters(memory, ["2026-11-19", "2026-11-20"])[FAN] == "AC"
    assert memory.flagged(KEY, FAN, ["2026-11-19", "2026-11-20"]) == [2, 0]
    assert memory.flagged(KEY, ("no", "one"), DATES) == [0, 0, 0]


def test_alarms_that_were_found_again_replace_those_of_before(bucket):
    memory, store = FleetMemory(Store(bucket)), Store(bucket)
    letters(memory)
    kept = store.kept_alarms(KEY, [DATES[2]])[DATES[2]]
    states = kept.rows.drop_columns(["acknowledged", "tier"]).to_pydict()
    rows = kept.rows.from_pydict(states | {"tier": ["watch", "watch"], "acknowledged": [True, None]})
    store.keep_alarms(KEY, DATES[2], KeptNight(rows.select(kept.rows.schema.names), kept.made_of))
    assert letters(memory)[FAN] == "·NK"
    assert memory.night(KEY, DATES[2]).rows["acknowledged"].to_pylist() == [True, None]


def test_alarms_of_a_night_that_was_scored_again_since_are_not_told(bucket):
    memory, store = FleetMemory(Store(bucket)), Store(bucket)
    letters(memory)
    keep_night(store, DATES[2], {FAN: "·", PUMP: "·"}, with_alarms=False, run="once-more")
    assert memory.night(KEY, DATES[2]) is None and letters(memory)[FAN] == "·N-"


def test_a_label_since_is_seen(bucket):
    memory, store = FleetMemory(Store(bucket)), Store(bucket)
    night = memory.night(KEY, DATES[2])
    assert not memory.has_new_answers(KEY, DATES[2], night) and not len(memory.labels())
    done = label(store, [AskedLabel("fault", machine="fan/00", date=DATES[2], words="bearing")])
    assert len(done.rows) == 1 and len(memory.labels()) == 1
    assert memory.has_new_answers(KEY, DATES[2], night)
    assert not memory.has_new_answers(KEY, DATES[1], memory.night(KEY, DATES[1]))


def test_maintenance_that_was_named_since_is_seen(tmp_path):
    store = plant(open_store(str(tmp_path)))
    memory = FleetMemory(store)
    window = {"machine_type": "fan", "machine_id": "00", "since": DATES[1], "is_removed": False}
    store.keep_maintenance(window | {"until": None, "reason": None, "named_by": None})
    assert memory.has_new_answers(KEY, DATES[2], memory.night(KEY, DATES[2]))
    assert not memory.has_new_answers(KEY, DATES[0], memory.night(KEY, DATES[0]))


def test_machines_with_a_scorer_are_known_by_their_names(bucket):
    memory, store = FleetMemory(Store(bucket)), Store(bucket)
    assert set(memory.scorers(KEY)) == {FAN, PUMP, VALVE}
    keep_scorers(store, [("a/b", "..")], run="fit-again")
    assert ("a/b", "..") in memory.scorers(KEY)


def test_the_fleet_of_the_newest_night_comes_first(bucket):
    memory, files = FleetMemory(Store(bucket)), {}
    entry = keep_record(files, {"run_id": "other", "job": "nightly", "score_files": {}}, "2026-11-21")
    assert memory.keys() == [KEY]
    for path, data in files.items():
        bucket.put(path.replace(KEY, "other-00000000"), data.replace(KEY.encode(), b"other-00000000"))
    assert entry.key == KEY and memory.keys() == ["other-00000000", KEY]


def test_a_key_begins_with_the_name_of_its_recipe():
    assert recipe_name("twfr-knn-1a2b3c4d") == "twfr-knn" and recipe_name("odd") == "odd"


def test_a_store_without_a_night_has_no_fleet():
    assert FleetMemory(Store(Bucket({}))).keys() == []
