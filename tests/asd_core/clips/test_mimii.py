from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.clip import UNPLACED, Placement
from asd_core.clips.mimii import above_mimii, arrange, place


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("fan/id_00/normal/00000000.wav", Placement("fan", "00", condition="normal")),
        ("fan/id_06/abnormal/00000012.wav", Placement("fan", "06", condition="anomalous")),
        ("6_dB_fan/fan/id_00/normal/0.wav", Placement("fan", "00", attributes="6_dB", condition="normal")),
        ("-6_dB_pump/pump/id_02/abnormal/0.wav", Placement("pump", "02", attributes="-6_dB", condition="anomalous")),
        ("0_dB_valve/id_04/normal/0.wav", Placement("valve", "04", attributes="0_dB", condition="normal")),
        ("mimii/min6dB/slider/id_00/NG/0.flac", Placement("slider", "00", attributes="-6_dB", condition="anomalous")),
    ],
)
def test_machine_condition_and_ratio_stand_in_the_folders(path: str, expected: Placement) -> None:
    assert place(path) == expected


@pytest.mark.parametrize(
    "path",
    [
        "id_00/normal/0.wav",
        "fan/00/normal/0.wav",
        "fan/id_00/loud/0.wav",
        "fan/id_00/0.wav",
        "machine_type=fan/id_00/normal/0.wav",
        "6_dB/id_00/normal/0.wav",
        "fan/id_00/0/0.wav",
    ],
)
def test_other_folders_are_unplaced_and_met_by_a_run_over_the_test_clips(path: str) -> None:
    assert place(path) == Placement(UNPLACED, UNPLACED, "test")


def machine(normals: int, anomalies: int, folder: str = "fan/id_00") -> list[str]:
    conditions = ["normal"] * normals + ["abnormal"] * anomalies
    return [f"{folder}/{condition}/{number:08d}.wav" for number, condition in enumerate(conditions)]


def arranged(paths: list[str]) -> dict[str, Placement]:
    return dict(zip(paths, arrange(paths, [place(path) for path in paths])[0], strict=True))


@given(st.integers(0, 12), st.integers(0, 12), st.randoms())
def test_as_many_normals_as_anomalies_at_most_half_are_held_out_by_name(
    normals: int, anomalies: int, random: object
) -> None:
    paths = machine(normals, anomalies)
    shuffled = list(paths)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    placed = arranged(shuffled)
    splits = [placed[path].split for path in paths]
    held_out = min(anomalies, normals // 2)
    assert splits == ["test"] * held_out + ["train"] * (normals - held_out) + ["test"] * anomalies


def test_each_machine_has_a_split_of_its_own_and_the_note_counts_all() -> None:
    paths = [*machine(4, 1), *machine(6, 9, "fan/id_02"), "stray.wav"]
    placed, notes = arrange(paths, [place(path) for path in paths])
    assert sum(one.split == "train" for one in placed) == 3 + 3 and placed[-1] == Placement(UNPLACED, UNPLACED, "test")
    assert notes[0].startswith("4 of 10 normal recordings are held out as test")


def test_several_ratios_are_machines_of_their_own_and_one_is_the_machine_itself() -> None:
    one = machine(2, 1, "6_dB_fan/fan/id_00")
    assert {placement.machine_type for placement in arranged(one).values()} == {"fan"}
    two = one + machine(2, 1, "-6_dB_fan/fan/id_00") + machine(2, 1, "0_dB_pump/pump/id_00")
    placed = arranged(two)
    assert [placed[path].machine_type for path in two[::3]] == ["fan_6_dB", "fan_-6_dB", "pump"]
    assert [placed[path].split for path in two] == ["test", "train", "test"] * 3
    notes = arrange(two, [place(path) for path in two])[1]
    assert notes[0].endswith("machines of their own: fan as fan_-6_dB, fan_6_dB")


def test_the_folders_above_the_machine_type_tell_two_places_apart() -> None:
    assert above_mimii("site/6_dB_fan/fan/id_00/normal") == "site/6_dB_fan"
    assert above_mimii("fan/id_00/normal") == above_mimii("normal") == ""
