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
        ("{machine_type/{}.wav", "brace"),
    ],
)
def test_a_wrong_pattern_is_refused_with_the_cure(pattern: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        compile_pattern(pattern)
