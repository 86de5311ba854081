from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.clip import UNPLACED, Placement
from asd_core.clips.fleet import place

NIGHT = datetime(2026, 11, 19, 3, 15, tzinfo=UTC)


def test_folders_and_a_time_in_the_name_are_read() -> None:
    placed = place("site/machine_type=fan/machine_id=07/date=2026-11-19/20261119T031500_03.wav")
    assert placed == Placement("fan", "07", date="2026-11-19", recorded_at=NIGHT)


def test_further_keys_are_kept_and_known_ones_taken() -> None:
    placed = place(
        "line=3/machine_type=fan/split=train/domain=target/condition=anomaly/attributes=a_b/shift=n%C3%BC/x.wav"
    )
    expected = ("fan", "00", "train", "target", "a_b", "anomalous", "undated", None, '{"line": "3", "shift": "nü"}')
    assert placed == Placement(*expected)


def test_the_folder_names_the_night_where_the_time_says_another_day() -> None:
    placed = place("machine_type=fan/date=20261118/20261119T031500.wav")
    assert placed.date == "2026-11-18" and placed.recorded_at == NIGHT


def test_the_time_names_the_date_where_no_folder_does_and_nothing_else_ever() -> None:
    assert place("machine_type=fan/2026-11-19T03-15-00.wav").date == "2026-11-19"
    assert place("machine_type=fan/take7.wav").date == "undated"


@pytest.mark.parametrize(
    ("path", "date", "moment"),
    [
        ("year=2026/month=11/day=19/a.wav", "2026-11-19", None),
        ("year=2026/month=1/day=9/a.wav", "2026-01-09", None),
        ("year=2026/month=11/day=19/hour=03/minute=15/a.wav", "2026-11-19", NIGHT),
        ("dt=2026-11-19/a.wav", "2026-11-19", None),
        ("day=20261119/03-15-00.wav", "2026-11-19", NIGHT),
        ("date=2026-11-19/031500.wav", "2026-11-19", NIGHT),
        ("2026/11/19/031500.wav", "2026-11-19", NIGHT),
        ("2026/11/19/20261119_031500_1.wav", "2026-11-19", NIGHT),
        ("2026-11-19/a.wav", "2026-11-19", None),
        ("20261119_031500.wav", "2026-11-19", NIGHT),
        ("20261119_mic1.wav", "2026-11-19", None),
        ("date=__HIVE_DEFAULT_PARTITION__/a.wav", "undated", None),
        ("year=2026/month=11/a.wav", "undated", None),
        ("2026/11/a.wav", "undated", None),
        ("00012026/a.wav", "undated", None),
    ],
)
def test_dates_are_read_as_data_lakes_and_recorders_write_them(path: str, date: str, moment: datetime | None) -> None:
    placed = place(f"machine_type=fan/machine_id=07/{path}")
    assert (placed.machine_id, placed.date, placed.recorded_at) == ("07", date, moment)


def test_a_date_in_keys_goes_to_no_extra_and_half_a_date_stays_there() -> None:
    assert place("machine_type=fan/year=2026/month=11/day=19/hour=3/line=2/a.wav").extra == '{"line": "2"}'
    assert place("machine_type=fan/day=3/line=2/a.wav").extra == '{"day": "3", "line": "2"}'


def test_the_archives_own_folder_may_be_one_machine_and_one_night() -> None:
    above = "plant/machine_type=fan/machine_id=07/2026/11/19"
    assert place("a.wav", above) == Placement("fan", "07", date="2026-11-19")
    assert place("machine_type=fan/a.wav", "2019-04-12/recordings").date == "undated"


@pytest.mark.parametrize(("word", "condition"), [("OK", "normal"), ("abnormal", "anomalous"), ("NG", "anomalous")])
def test_a_condition_may_be_any_word_of_the_table(word: str, condition: str) -> None:
    placed = place(f"machine_type=fan/split=Train/domain=SOURCE/condition={word}/x.wav")
    assert (placed.split, placed.domain, placed.condition) == ("train", "source", condition)


@pytest.mark.parametrize(
    ("path", "machine"),
    [
        ("fan/07/x.wav", (UNPLACED, UNPLACED)),
        ("machine_type=/machine_id=07/x.wav", (UNPLACED, UNPLACED)),
        ("machine_id=07/x.wav", (UNPLACED, UNPLACED)),
        ("machine_type=fan/machine_id=/x.wav", ("fan", UNPLACED)),
        ("machine_type=fan/machine_id=07/date=2026-13-45/x.wav", ("fan", UNPLACED)),
        ("machine_type=fan/machine_id=07/year=2026/month=13/day=1/x.wav", ("fan", UNPLACED)),
        ("machine_type=fan/split=dev/x.wav", ("fan", UNPLACED)),
        ("machine_type=fan/condition=odd/x.wav", ("fan", UNPLACED)),
    ],
)
def test_what_does_not_say_its_machine_or_says_nonsense_is_unplaced(path: str, machine: tuple[str, str]) -> None:
    placed = place(path)
    assert (placed.machine_type, placed.machine_id) == machine


names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12).filter(lambda s: s != UNPLACED)


@given(machine_type=names, machine_id=names, attributes=names, date=st.dates())
def test_percent_encoded_folders_give_back_what_they_were_made_of(
    machine_type: str, machine_id: str, attributes: str, date: object
) -> None:
    values = {"machine_type": machine_type, "machine_id": machine_id, "attributes": attributes, "date": str(date)}
    folder = "/".join(f"{key}={quote(value, safe='')}" for key, value in values.items())
    assert place(f"{folder}/x.wav") == Placement(machine_type, machine_id, attributes=attributes, date=str(date))
