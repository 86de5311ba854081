from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.suggestion import suggested_pattern


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("fan/07/2026/11/19/031500.wav", "{machine_type}/{machine_id}/{year}/{month}/{day}/{time}.wav"),
        ("fan/07/2026-11-19/a.flac", "{machine_type}/{machine_id}/{date}/{}.flac"),
        ("fan/07/normal/a.wav", "{machine_type}/{machine_id}/{condition}/{}.wav"),
        ("site/fan/id_07/train/NG/a.wav", "{machine_type}/id_{machine_id}/{split}/{condition}/{}.wav"),
        ("20261119/pump/a.wav", "{machine_type}/{}.wav"),
        ("pump/20261119_031500.wav", "{machine_type}/{}.wav"),
    ],
)
def test_a_pattern_after_the_first_path_is_suggested(path: str, pattern: str) -> None:
    assert suggested_pattern([path, "x.wav"]) == (pattern, 1)


def test_a_folder_is_type_and_id_where_others_have_another_word_before_the_number() -> None:
    paths = ["hall-2/fan-03/20261101_020000.wav", "hall-2/pump-11/20261101_020000.wav"]
    assert suggested_pattern(paths) == ("{machine_type}-{machine_id}/{}.wav", 2)
    assert suggested_pattern([path.replace("pump-11", "fan-04") for path in paths]) == (
        "{machine_type}/fan-{machine_id}/{}.wav",
        2,
    )


FOLDERS = st.lists(st.sampled_from(["fan", "07", "id_1", "2026", "11", "19", "2026-11-19", "ok", "train", "{a}", ""]))


@given(FOLDERS, st.sampled_from(["a.wav", "031500.wav", "{x}.flac"]))
def test_whatever_is_suggested_can_be_typed(folders: list[str], name: str) -> None:
    suggested = suggested_pattern(["/".join([*folders, name])])
    assert suggested is None or suggested[1] in (0, 1)


def test_nothing_comes_to_mind_where_no_folder_may_be_a_machine() -> None:
    assert suggested_pattern(["a.wav"]) is None and suggested_pattern(["2026-11-19/a.wav"]) is None
