"""Archives that hold what belongs to no night of this fleet: impossible dates, strays, the store itself, two sites."""

import pytest

from asd_core.store.addresses import open_files
from tests.bad_input.access import permissions_that_count
from tests.bad_input.conftest import FAN, NIGHT, Plant
from tests.bad_input.recordings import noise, wav

TO_COME = FAN.replace(NIGHT, "2238-01-19")


def test_a_clip_of_a_date_to_come_does_not_take_the_night(any_plant):
    any_plant.put("clock.wav", wav(noise(seed=6)), TO_COME)
    said = any_plant.run()
    assert (said.code, said.json["listed"], said.json["scored"]) == (0, 1, 1)
    assert f"the night of {NIGHT}: 1 clips" in said.err
    assert "note: 1 clips are of dates to come, such as " in said.err and "clock.wav of 2238-01-19" in said.err
    assert "(--date 2238-01-19)" in said.err and any_plant.night("--date", "2238-01-19")[0]["scored"] == 1


def test_a_stray_recording_of_no_machine_does_not_take_the_night(any_plant):
    any_plant.put("20261104T000000.wav", wav(noise(seed=6)), "backup")
    assert any_plant.night()[0]["scored"] == 1


def test_recordings_without_a_date_beside_others_are_of_no_night_and_counted(any_plant):
    for name in ("take7.wav", "SN20190412.wav", "20261399.wav"):
        any_plant.put(name, wav(noise(seed=6)), FAN.rpartition("/date=")[0])
    said = any_plant.run()
    assert said.json["listed"] == 1
    assert "note: 3 of 4 recordings have no date and are of no night, such as " in said.err and "--pattern" in said.err


def test_a_dcase_set_beside_a_fleet_is_told_with_counts_and_folders(any_plant):
    for number in range(2):
        any_plant.put(f"section_00_source_test_normal_{number:04d}_x.wav", wav(noise(seed=6)), "dcase/pump/test")
    any_plant.put("more.wav", wav(noise(seed=7)))
    any_plant.put("most.wav", wav(noise(seed=8)))
    said = any_plant.run()
    assert said.json["listed"] == 3 and "the archive mixes layouts: 3 recordings are laid out as fleet" in said.err
    assert "and 2 as dcase, such as those in dcase/pump/test" in said.err


def test_a_word_that_is_no_condition_leaves_a_recording_without_a_machine(any_plant):
    any_plant.put("a.wav", wav(noise(seed=6)), FAN.replace("/date=", "/condition=loud/date="))
    counts, rows = any_plant.night()
    assert counts["errors_by_reason"] == {"unplaced": 1} and rows["a.wav"]["machine_id"] == "unplaced"


def test_an_archive_of_dates_to_come_alone_has_a_night(plant, tmp_path):
    alone = plant._replace(archive=str(tmp_path / "other"))
    alone.put("clock.wav", wav(noise(seed=6)), TO_COME)
    assert alone.night()[0]["listed"] == 1


def test_audio_that_cannot_be_decoded_is_a_row_that_names_its_format(any_plant):
    any_plant.put("memo.M4A", b"\0\0\0\x20ftypM4A " + bytes(100))
    any_plant.put("b.aif", wav(noise(seed=6), form="AIFF"))
    any_plant.put("notes.json", b"{}")
    counts, rows = any_plant.night()
    assert (counts["scored"], rows["memo.M4A"]["error_reason"]) == (2, "not_audio")
    assert "looks like an MP4 or M4A file: convert it to FLAC or WAV" in rows["memo.M4A"]["error"]
    said = any_plant.run().err
    assert "1 other file left out (1 .json), such as " in said and "1 that cannot be decoded (1 .m4a), such as" in said


def test_folders_of_systems_are_never_opened(any_plant):
    for name in ("._good.wav", "__MACOSX/good.wav", ".Trash-1000/files/good.wav", "good.wav.part"):
        any_plant.put(name, wav(noise(seed=6)))
    said = any_plant.run()
    assert said.json["listed"] == 1 and "3 left by systems or tools not opened, such as" in said.err
    assert "1 other file left out (1 .part)" in said.err


def test_a_folder_of_the_system_that_may_not_be_opened_stops_nothing(plant, tmp_path):
    (tmp_path / "archive/lost+found").mkdir(mode=0)
    with permissions_that_count():
        assert plant.night()[0]["scored"] == 1


@pytest.fixture
def nested(any_plant):
    """A plant whose store is inside its archive."""
    inside = Plant(any_plant.archive, f"{any_plant.archive}/out/store")
    for info in open_files(any_plant.store).list():
        open_files(inside.store).write(info.path, open_files(any_plant.store).read(info.path))
    return inside


def test_a_store_inside_the_archive_is_left_out_of_it(nested):
    first, _ = nested.night()
    open_files(nested.store).write("reports/x/normal.flac", b"fLaC")
    said = nested.run()
    assert (first["listed"], said.json["listed"]) == (1, 1)
    assert "files of the store in it left out" in said.err and "no known machine" not in said.err


def test_machines_of_one_name_at_two_sites_are_said(plant):
    plant.put("a.wav", wav(noise(seed=6)), f"site=hamburg/{FAN}")
    plant.put("a.wav", wav(noise(seed=7)), f"site=berlin/{FAN}")
    said = plant.run()
    assert said.json["scored"] == 3
    assert "note: machines of one name under several folders count as one machine (names: 1; fan 00 is " in said.err
    assert "under the archive itself and site=berlin): if they are different machines, name" in said.err
