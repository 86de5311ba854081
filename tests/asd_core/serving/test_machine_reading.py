"""A machine's alarms and clips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.pages.fleet.contents import LETTERS
from asd_core.runs.label import AskedLabel, label
from asd_core.serving.fleet_memory import FleetMemory
from asd_core.serving.machine_reading import DRAWN, LISTED, clips_of, episodes, said_of
from asd_core.store.layout import night_path
from asd_core.store.store import open_store
from tests.asd_core.serving.stores import DATES, FAN, plant
from tests.many_nights.plant import KEY


def alarms(letters):
    dates = [f"d{number}" for number in range(len(letters))]
    found = episodes(dates, np.array([LETTERS.index(letter) for letter in letters], np.uint8))
    return [(one.first, one.last, one.nights, one.goes_on, one.acknowledged) for one in found]


@pytest.mark.parametrize(
    ("letters", "found"),
    [
        ("··", []),
        ("-", []),
        ("·NA·", [("d1", "d2", 2, False, False)]),
        ("·NAK", [("d1", "d3", 3, True, True)]),
        ("N-A-", [("d0", "d2", 2, True, False)]),
        ("NCNA", [("d2", "d3", 2, True, False), ("d0", "d0", 1, False, False)]),
        ("NAN", [("d2", "d2", 1, True, False), ("d0", "d1", 2, False, False)]),
    ],
)
def test_alarms_are_nights_in_a_row_the_newest_first(letters, found):
    assert alarms(letters) == found


@settings(max_examples=50)
@given(st.text(LETTERS, min_size=1, max_size=12))
def test_each_night_in_alarm_is_in_one_of_them(letters):
    assert sum(nights for _, _, nights, _, _ in alarms(letters)) == sum(letter in "KAN" for letter in letters)


def test_clips_are_those_of_the_machine_and_the_nights(tmp_path):
    store = plant(open_store(str(tmp_path)))
    rows = clips_of(store, FleetMemory(store), KEY, FAN, DATES[1:], DRAWN)
    assert [(row["date"], row["anomaly_score"]) for row in rows] == [
        (date, score) for date in DATES[1:] for score in (0.2, 3.0, 2.0)
    ]


def test_a_night_whose_file_is_gone_is_read_from_its_runs(tmp_path):
    store = plant(open_store(str(tmp_path)))
    store.files.delete(night_path(KEY, DATES[1]))
    assert clips_of(store, FleetMemory(store), KEY, FAN, DATES[1:2], DRAWN) == []  # whose runs here name no file


def test_what_people_said_leads_to_the_clip_or_the_night(tmp_path):
    store = plant(open_store(str(tmp_path)))
    memory = FleetMemory(store)
    clip = clips_of(store, memory, KEY, FAN, DATES[2:], LISTED)[1]
    night = AskedLabel("fault", machine="fan/00", date=DATES[1], words="bearing", labelled_by="Ann")
    done = label(store, [night])
    assert not done.refused
    assert not label(store, [AskedLabel("normal", uri=clip["uri"], date=DATES[2])]).refused
    said = said_of(memory.labels(), memory, store, KEY, FAN, "")
    assert [(one.date, one.link, one.clip) for one in said] == [
        (DATES[2], f"/clips/{clip['clip_id']}?key={KEY}&date={DATES[2]}", f"fan-00-{DATES[2]}-1.wav"),
        (DATES[1], f"/nights/{DATES[1]}", ""),
    ]
    assert said[1].words == 'Labelled a fault by Ann ("bearing")'
    assert said_of(memory.labels(), memory, store, KEY, ("pump", "01"), "") == []
