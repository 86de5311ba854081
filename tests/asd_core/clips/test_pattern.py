from __future__ import annotations

from datetime import UTC, datetime

import pytest

from asd_core.clips.clip import Placement
from asd_core.clips.pattern import compile_pattern
from asd_core.errors import UsageError


@pytest.mark.parametrize("date", ["2026-11-19", "20261119"])
@pytest.mark.parametrize("time", ["031500", "03-15-00"])
def test_a_pattern_reads_machine_date_and_time(date: str, time: str) -> None:
    place = compile_pattern("{machine_type}/{machine_id}/{date}_{time}_{}.wav")
    expected = Placement("fan", "07", date="2026-11-19", recorded_at=datetime(2026, 11, 19, 3, 15, tzinfo=UTC))
    assert place(f"fan/07/{date}_{time}_take1.wav") == place(f"site/a/fan/07/{date}_{time}_.wav") == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("{machine_type}/{machine_id}/{year}/{month}/{day}/{time}.wav", "fan/07/2026/11/19/031500.wav"),
        ("{machine_type}/{machine_id}/{year}/{month}/{day}/{hour}/{minute}.wav", "fan/07/2026/11/19/3/15.wav"),
        ("{machine_type}/{machine_id}/{year}{month}{day}{hour}{minute}{second}.wav", "fan/07/20261119031500.wav"),
        ("{machine_type}_{machine_id}_{year}-{month}-{day}_{hour}h{minute}.wav", "fan_07_2026-11-19_03h15.wav"),
        ("{machine_type}/{machine_id}/{date}/{hour}-{minute}.wav", "fan/07/2026-11-19/3-15.wav"),
        ("{machine_type}/{machine_id}/{date}/{time}.wav", "fan/07/2026_11_19/03_15_00.wav"),
    ],
)
def test_a_pattern_may_take_a_date_and_a_time_apart(pattern: str, path: str) -> None:
    expected = Placement("fan", "07", date="2026-11-19", recorded_at=datetime(2026, 11, 19, 3, 15, tzinfo=UTC))
    assert compile_pattern(pattern)(path) == expected


def test_glued_digits_that_may_be_two_dates_are_none() -> None:
    place = compile_pattern("{machine_type}/{year}{month}{day}.wav")
    assert place("fan/20261119.wav").date == "2026-11-19" and place("fan/2026119.wav").is_unplaced
    apart = compile_pattern("{machine_type}/{year}-{month}-{day}.wav")
    assert apart("fan/2026-1-9.wav").date == "2026-01-09" and apart("fan/2026-13-9.wav").is_unplaced


def test_a_pattern_without_a_date_leaves_it_to_the_names() -> None:
    place = compile_pattern("{machine_type}/{machine_id}/{}.wav")
    night = datetime(2026, 11, 19, 3, 15, tzinfo=UTC)
    assert place("fan/07/20261119_031500.wav") == Placement("fan", "07", date="2026-11-19", recorded_at=night)
    assert place("2026-11-19/fan/07/03-15-00.wav") == Placement("fan", "07", date="2026-11-19", recorded_at=night)
    assert place("fan/07/take7.wav").date == "undated"


def test_every_field_is_taken_and_a_missing_machine_id_is_00() -> None:
    place = compile_pattern("{split}/{machine_type}.{domain}.{condition}.{attributes}.wav")
    assert place("train/fan.source.1.a-b.wav") == Placement("fan", "00", "train", "source", "a-b", "anomalous")


@pytest.mark.parametrize("word", ["abnormal", "NG", "faulty", "not_ok", "true"])
def test_a_condition_may_be_any_word_of_the_table(word: str) -> None:
    place = compile_pattern("{machine_type}/id_{machine_id}/{condition}/{}.wav")
    assert place(f"fan/id_00/{word}/00000000.wav") == Placement("fan", "00", condition="anomalous")
    assert place("fan/id_00/loud/00000000.wav").is_unplaced
    joined = compile_pattern("{machine_type}_{machine_id}_{condition}_{}.wav")
    assert joined(f"fan_07_{word}_1.wav") == Placement("fan", "07", condition="anomalous")


def test_the_case_of_an_ending_does_not_matter() -> None:
    place = compile_pattern("{machine_type}/a.b_{}.wav")
    assert [place(path).is_unplaced for path in ("fan/a.b_1.WAV", "fan/a.b_1.Wav", "fan/A.b_1.wav")] == [
        False,
        False,
        True,
    ]


def test_other_characters_stand_for_themselves() -> None:
    place = compile_pattern("{machine_type}+(v1)/{}.wav")
    assert place("fan+(v1)/x.wav").machine_type == "fan" and place("fann(v1)/x.wav").is_unplaced


@pytest.mark.parametrize("path", ["fan/07/x.wav", "fan/07/20261345.wav", "fan/20261119.wav", "fan/07/a/20261119.wav/x"])
def test_a_path_that_does_not_fit_is_unplaced(path: str) -> None:
    assert compile_pattern("{machine_type}/{machine_id}/{date}.wav")(path).is_unplaced


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{machin_type}/{}.wav", "unknown field 'machin_type'; did you mean 'machine_type'"),
        ("{machine_id}/{}.wav", "lacks {machine_type}"),
        ("{machine_type}/{date}/{date}.wav", "'date' twice"),
        ("{machine_type}/{time}.wav", "without {date}"),
        ("{machine_type}/{year}/{month}.wav", "{year} without {day}"),
        ("{machine_type}/{hour}.wav", "{hour} without {date}"),
        ("{machine_type}/{date}/{year}{month}{day}.wav", "has {date} and {year}"),
        ("{machine_type}/{date}_{time}_{hour}.wav", "has {time} and {hour}"),
        ("{machine_type/{}.wav", "brace"),
    ],
)
def test_a_wrong_pattern_is_refused_with_the_cure(pattern: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        compile_pattern(pattern)
