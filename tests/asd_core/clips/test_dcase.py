from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.clips.clip import UNPLACED, Placement
from asd_core.clips.dcase import domain_of_2021, place, superseded


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("fan/train/normal_id_00_00000000.wav", Placement("fan", "00", "train", "", "", "normal")),
        ("fan/test/anomaly_id_06_00000012.wav", Placement("fan", "06", "test", "", "", "anomalous")),
        ("dev_data/raw/ToyCar/test/id_05_00000000.flac", Placement("ToyCar", "05", "test")),
        (
            "fan/train/section_00_source_train_normal_0000_m-n_W.wav",
            Placement("fan", "00", "train", "source", "m-n_W", "normal"),
        ),
        (
            "valve/test/section_02_target_test_anomaly_0049_v1pat_03_v2pat_none.wav",
            Placement("valve", "02", "test", "target", "v1pat_03_v2pat_none", "anomalous"),
        ),
        (
            "gearbox/test/section_00_source_test_normal_0001_noAttribute.wav",
            Placement("gearbox", "00", "test", "source", "noAttribute", "normal"),
        ),
        ("bearing/test/section_00_0000.wav", Placement("bearing", "00", "test")),
        ("fan/source_test/section_03_source_test_0000.wav", Placement("fan", "03", "test", "source")),
        ("fan/target_test/section_03_0007.wav", Placement("fan", "03", "test", "target")),
        (
            "fan/train/section_00_source_train_normal_0000_strength_1_ambient.wav",
            Placement("fan", "00", "train", "source", "strength_1_ambient", "normal"),
        ),
        (
            "fan/source_test/section_00_source_test_anomaly_0000.wav",
            Placement("fan", "00", "test", "source", "", "anomalous"),
        ),
        (
            "RoboticArm/test_rename/section_00_source_normal_0000_weight15_BckgF.wav",
            Placement("RoboticArm", "00", "test", "source", "weight15_BckgF", "normal"),
        ),
        ("fan/supplemental/section_00_any_0003_x.wav", Placement("fan", "00", attributes="any_0003_x")),
    ],
)
def test_names_of_every_year_are_read(path: str, expected: Placement) -> None:
    assert place(path) == expected and not place(path).is_unplaced


@pytest.mark.parametrize(
    ("path", "machine"),
    [
        ("fan/test/holiday.wav", ("fan", UNPLACED)),
        ("fan/train/normal_id_0_00000000.wav", ("fan", UNPLACED)),
        ("fan/other/normal_id_00_00000000.wav", (UNPLACED, UNPLACED)),
        ("normal_id_00_00000000.wav", (UNPLACED, UNPLACED)),
        ("train/normal_id_00_00000000.wav", (UNPLACED, UNPLACED)),
        ("machine_type=fan/train/normal_id_00_00000000.wav", (UNPLACED, UNPLACED)),
    ],
)
def test_what_is_none_of_dcase_is_unplaced_as_far_as_it_is_unknown(path: str, machine: tuple[str, str]) -> None:
    placed = place(path)
    assert (placed.machine_type, placed.machine_id) == machine and placed.is_unplaced


def test_an_unplaced_clip_is_met_by_a_run_over_the_test_clips() -> None:
    assert place("readme/notes.wav").split == place("fan/test/notes.wav").split == "test"
    assert place("fan/supplemental/noise.wav") == Placement("fan", UNPLACED)


@given(
    machine_type=st.from_regex(r"[A-Za-z0-9]{1,12}", fullmatch=True),
    section=st.integers(0, 99),
    domain=st.sampled_from(["source", "target"]),
    split=st.sampled_from(["train", "test"]),
    condition=st.sampled_from(["normal", "anomaly"]),
    number=st.integers(0, 99999),
    attributes=st.text(st.characters(exclude_characters="/", exclude_categories=("Cs",)), max_size=20),
)
def test_a_name_made_of_fields_gives_these_fields(
    machine_type: str, section: int, domain: str, split: str, condition: str, number: int, attributes: str
) -> None:
    name = f"section_{section:02}_{domain}_{split}_{condition}_{number:04}_{attributes}.wav"
    expected = "normal" if condition == "normal" else "anomalous"
    assert place(f"raw/{machine_type}/{split}/{name}") == Placement(
        machine_type, f"{section:02}", split, domain, attributes, expected
    )


@pytest.mark.parametrize(
    ("folder", "domain"), [("source_test", "source"), ("target_test", "target"), ("test", ""), ("test_rename", "")]
)
def test_only_2021_has_a_folder_for_each_domain(folder: str, domain: str) -> None:
    assert domain_of_2021(f"file:///dev/fan/{folder}/section_00_source_test_normal_0000.wav") == domain
    assert domain_of_2021("file:///source_test/fan/x.wav") == domain_of_2021("x.wav") == ""


def test_renamed_copies_supersede_the_released_names() -> None:
    released = [f"fan/test/section_00_{i:04}.wav" for i in range(2)]
    renamed = [f"fan/test_rename/section_00_source_test_normal_{i:04}_x.wav" for i in range(2)]
    others = ["pump/test/section_00_0000.wav", "fan/train/section_00_source_train_normal_0000_x.wav"]
    assert superseded(released + renamed + others) == set(released)


def test_released_names_stay_where_the_copy_was_cut_short() -> None:
    released = [f"test/section_00_{i:04}.wav" for i in range(2)]
    renamed = ["test_rename/section_00_source_test_normal_0000_x.wav"]
    assert superseded(released + renamed) == set(renamed)
    assert superseded(renamed) == set()
