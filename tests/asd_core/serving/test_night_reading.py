"""A night with its alarms, and one without."""

import pytest
from starlette.exceptions import HTTPException

from asd_core.runs.label import AskedLabel, label
from asd_core.serving.fleet_memory import FleetMemory
from asd_core.serving.night_reading import chosen_key, clip_links, read_night
from asd_core.store.store import open_store
from tests.asd_core.serving.stores import DATES, FAN, GONE, PUMP, keep_night, plant
from tests.many_nights.plant import KEY


@pytest.fixture
def store(tmp_path):
    return plant(open_store(str(tmp_path)))


def test_a_night_has_the_sentence_of_its_alarms(store):
    night = read_night(store, FleetMemory(store), KEY, DATES[2])
    assert night.headline.startswith("1 machine of 2 is in alarm (1 continuing)")
    assert len(night.rows) == 2 and "drifted for weeks (pump 01)" in night.notes[0] and len(night.notes) == 1


def test_labels_since_are_told(store):
    label(store, [AskedLabel("normal", machine="fan/00", date=DATES[2])])
    assert "Labels were given since" in read_night(store, FleetMemory(store), KEY, DATES[2]).notes[-1]


def test_a_night_without_alarms_has_counts_of_clips_and_a_cure(store):
    keep_night(store, "2026-11-20", {FAN: "·", PUMP: "N"}, with_alarms=False)
    night = read_night(store, FleetMemory(store), KEY, "2026-11-20")
    assert night.summary is None and night.headline == "The alarms of this night are not known."
    assert night.notes == ["No alarms are kept for this night: asd alarms --date 2026-11-20 finds them."]
    rows = night.rows.select(["machine_type", "clips", "flagged", "errors", "tier"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [("pump", 3, 2, 0, None), ("fan", 3, 0, 0, None)]


def test_clips_are_found_by_their_addresses(store):
    uri = GONE.format(f"fan-00-{DATES[2]}-1")
    (found,) = clip_links(store, KEY, DATES[2], [uri, "file:///nowhere.wav"]).items()
    (row,) = (row for row in store.scores(KEY, DATES[2]).to_pylist() if row["uri"] == uri)
    assert found == (uri, f"/clips/{row['clip_id']}?key={KEY}&date={DATES[2]}")
    assert clip_links(store, KEY, DATES[2], []) == {}


def test_a_key_is_one_of_the_store(store, tmp_path):
    memory = FleetMemory(store)
    assert chosen_key(memory, "") == chosen_key(memory, KEY) == (KEY, [KEY])
    for asked, other in (("../runs", memory), ("", FleetMemory(open_store(str(tmp_path / "empty"))))):
        with pytest.raises(HTTPException):
            chosen_key(other, asked)
