from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_fleet, write_wav
from tests.jobs.options import options


def embedded(archive, tmp_path, *more):
    return asd("embed", archive, *options(tmp_path)[:-1], *more)


def test_an_archive_is_listed_with_all_that_was_left_out(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1], clips=1)
    (archive / "notes.txt").write_text("")
    write_wav(archive / "lost.wav", seed=1)
    said = embedded(archive, tmp_path).err
    assert f"3 clips in {archive} (fleet layout); 1 of no known machine, such as lost.wav; 1 other file left" in said


def test_clips_of_dates_to_come_are_noted(tmp_path):
    archive = write_fleet(tmp_path / "archive", machines=["00"], dates=[NIGHTS[0], "2999-01-01"], clips=1)
    assert "note: 1 clips are of dates to come, such as " in embedded(archive, tmp_path).err


def test_machines_of_one_name_under_several_folders_are_noted(tmp_path):
    for site in ("north", "south"):
        write_wav(clip_path(tmp_path / "archive" / site, "00", NIGHTS[0], 0), seed=len(site))
    said = embedded(tmp_path / "archive", tmp_path).err
    assert "note: machines of one name under several folders count as one machine (names: 1; fan 00 is under " in said


def test_stored_clips_stand_for_an_archive_that_is_left_out(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    embedded(archive, tmp_path)
    said = asd("fit", *options(tmp_path), "--since", NIGHTS[0])
    assert "8 stored clips" in said.err and (said.json["decoded"], said.json["fitted"]) == (0, 2)


def test_a_result_has_the_counts_the_key_and_what_must_be_known_of_the_recipe(tmp_path):
    archive = write_fleet(tmp_path / "archive", machines=["00"], dates=NIGHTS[:1])
    told = asd("fit", archive, *options(tmp_path), "--since", NIGHTS[0]).json
    assert told["key"].startswith("twfr-knn-") and told["run_id"].startswith("fit-") and told["notes"] == []
    assert told["listed"] == 4 and told["seconds"] >= 0
