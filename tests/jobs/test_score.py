from tests.command import asd
from tests.fleet import NIGHTS, files_of
from tests.jobs.options import options


def test_training_clips_are_scored_only_when_asked(tmp_path, dcase):
    assert asd("score", dcase, *options(tmp_path)).json["listed"] == 16
    assert asd("score", dcase, *options(tmp_path), "--include-train").json["listed"] == 28


def test_nightly_scores_the_test_split_where_there_is_one(tmp_path, dcase):
    said = asd("nightly", dcase, *options(tmp_path))
    assert said.json["listed"] == said.json["scored"] == 16
    assert said.json["reports"][0].endswith("date=undated/index.html")


def test_an_archive_of_training_clips_alone_has_nothing_to_score(tmp_path, dcase):
    said = asd("score", dcase / "fan/train", *options(tmp_path))
    assert said.code == 2 and "all are of split train; add --include-train" in said.err


def test_a_complete_run_says_so_and_writes_nothing(tmp_path, dcase):
    first = asd("score", dcase, *options(tmp_path))
    before = files_of(tmp_path / "store")
    again = asd("score", dcase, *options(tmp_path))
    assert again.code == 0 and "was complete already: nothing to do" in again.err
    assert again.json["run_id"] == first.json["run_id"]
    assert files_of(tmp_path / "store") == before


def test_a_date_without_a_clip_is_refused(tmp_path, dcase):
    said = asd("score", dcase, *options(tmp_path), "--date", NIGHTS[0])
    assert said.code == 2 and f"no clip is of {NIGHTS[0]}; no clip has a date" in said.err
