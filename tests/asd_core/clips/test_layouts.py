from __future__ import annotations

import pytest

from asd_core.clips.layouts import LAYOUTS, place_all
from asd_core.errors import UsageError

FLEET = [f"plant/machine_type=fan/machine_id=07/date=2026-11-{day:02}/a.wav" for day in range(1, 6)]
DCASE = [f"dcase/fan/test/section_00_source_test_normal_{number:04}_x.wav" for number in range(3)]
MIMII = [f"mimii/fan/id_00/abnormal/{number:08}.wav" for number in range(2)]


@pytest.mark.parametrize(("paths", "layout"), [(FLEET, "fleet"), (DCASE, "dcase"), (MIMII, "mimii")])
def test_the_layout_is_found_by_itself(paths: list[str], layout: str) -> None:
    found = place_all("file:///archive", paths)
    assert found.layout == layout in LAYOUTS and not any(one.is_unplaced for one in found.placements)
    assert not any("mixes" in note for note in found.notes)


@pytest.mark.parametrize("folder", ["mimii/6_dB_fan/fan", "mimii/6_dB_fan/fan/id_00", "6_dB_fan/fan/id_00/normal"])
def test_a_part_of_a_mimii_archive_knows_its_machine_from_the_folders_above(folder: str) -> None:
    path = "6_dB_fan/fan/id_00/normal/00000000.wav"
    rest = path.removeprefix(folder.removeprefix("mimii/") + "/")
    (placed,) = place_all(f"file:///{folder}", [rest]).placements
    assert (placed.machine_type, placed.machine_id, placed.attributes) == ("fan", "00", "6_dB")


def test_mixed_layouts_are_told_with_counts_and_folders() -> None:
    found = place_all("file:///archive", [*FLEET, *DCASE, *MIMII, "stray.wav"])
    assert [one.is_unplaced for one in found.placements] == [False] * 5 + [True] * 6
    dcase, mimii = found.notes
    assert "5 recordings are laid out as fleet, such as those in plant/machine_type=fan" in dcase
    assert "and 3 as dcase, such as those in dcase/fan/test" in dcase
    assert "and 2 as mimii, such as those in mimii/fan/id_00/abnormal" in mimii


def test_a_layout_that_is_asked_for_is_the_only_one() -> None:
    found = place_all("file:///archive", [*FLEET, *DCASE], "dcase")
    assert (found.layout, found.notes) == ("dcase", [])
    with pytest.raises(UsageError, match=r"none of 5 recordings fits layout mimii.*6_dB_fan/fan/id_00"):
        place_all("file:///archive", FLEET, "mimii")


def test_names_of_no_layout_are_refused_with_a_pattern_that_may_describe_them() -> None:
    paths = [f"fan/07/2026/11/{day}/031500.wav" for day in range(10, 14)]
    pattern = "'{machine_type}/{machine_id}/{year}/{month}/{day}/{time}.wav'"
    with pytest.raises(UsageError) as refused:
        place_all("file:///archive", paths)
    assert f"describe others with --pattern (perhaps {pattern}, which fits 4 of them)" in str(refused.value)
