from __future__ import annotations

import pytest

from asd_core.clips.clip import UNPLACED, Placement
from asd_core.clips.dcase import place as place_dcase
from asd_core.clips.fleet import place as place_fleet
from asd_core.clips.namesakes import above_dcase, above_fleet, above_pattern, namesakes

PUMP = ("pump", "01")


def in_fleet(*folders: str) -> dict[tuple[str, str], tuple[str, str]]:
    paths = [f"{folder}/a.wav" for folder in folders]
    return namesakes(paths, [place_fleet(path) for path in paths], above_fleet)


def in_dcase(*folders: str) -> dict[tuple[str, str], tuple[str, str]]:
    paths = [f"{folder}/section_00_source_{folder.rpartition('/')[2]}_normal_0000_x.wav" for folder in folders]
    return namesakes(paths, [place_dcase(path) for path in paths], above_dcase)


@pytest.mark.parametrize(
    "folder",
    ["site={}/machine_type=pump/machine_id=01", "machine_type=pump/site={}/machine_id=01", "{}/machine_type=pump"],
)
def test_machines_of_one_name_at_two_sites_are_told_apart(folder: str) -> None:
    (places,) = in_fleet(folder.format("berlin"), folder.format("hamburg")).values()
    assert "berlin" in places[0] and "hamburg" in places[1]


@pytest.mark.parametrize(
    "folders",
    [
        ("machine_type=pump/machine_id=01/date=2026-11-01", "machine_type=pump/machine_id=01/date=2026-11-02"),
        ("date=2026-11-01/machine_type=pump", "date=2026-11-02/machine_type=pump"),
        ("2026/11/01/machine_type=pump", "2026/12/01/machine_type=pump"),
        ("2026-11-01/machine_type=pump", "20261102/machine_type=pump"),
        ("2026/1/9/machine_type=pump", "2026/1/10/machine_type=pump"),
        ("year=2026/month=11/day=01/machine_type=pump", "year=2026/month=11/day=02/machine_type=pump"),
        ("dt=2026-11-01/machine_type=pump", "dt=2026-11-02/machine_type=pump"),
        ("split=train/machine_type=pump", "split=test/machine_type=pump"),
        ("site=a/machine_type=pump/machine_id=01", "site=b/machine_type=pump/machine_id=02"),
    ],
)
def test_one_machine_on_several_days_or_another_machine_is_no_namesake(folders: tuple[str, str]) -> None:
    assert in_fleet(*folders) == {}


def test_two_years_of_dcase_are_namesakes_and_the_folders_of_one_are_not() -> None:
    years = in_dcase("dcase2023/raw/fan/train", "dcase2024/raw/fan/train")
    assert years == {("fan", "00"): ("dcase2023/raw", "dcase2024/raw")}
    assert in_dcase("eval_train/fan/train", "eval_test/fan/test") == {}
    assert in_dcase("fan/train", "fan/test", "fan/train") == {}


def test_a_pattern_that_describes_the_folder_above_takes_it_for_no_place() -> None:
    paths, placements = ["berlin/pump/01/a.wav", "hamburg/pump/01/a.wav"], [Placement(*PUMP)] * 2
    found = namesakes(paths, placements, above_pattern("{machine_type}/{machine_id}/{}.wav"))
    assert found == {PUMP: ("berlin", "hamburg")}
    assert namesakes(paths, placements, above_pattern("{}/{machine_type}/{machine_id}/{}.wav")) == {}


def test_recordings_of_no_known_machine_are_no_namesakes() -> None:
    assert namesakes(["a/x.wav", "b/x.wav"], [Placement(UNPLACED, UNPLACED)] * 2, above_fleet) == {}
