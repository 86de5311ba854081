"""A run that listened to nothing exits 1, and its line names the command that mends it."""

import shlex

import pyarrow as pa
import pytest

from jobs.nothing_scored import without_scorer, written
from tests.command import asd
from tests.fleet import NIGHTS, clip_path, write_dcase, write_fleet, write_wav
from tests.jobs.options import options


@pytest.fixture
def archive(tmp_path):
    return write_fleet(tmp_path / "archive")


def refused(command, *arguments):
    """The one line of a command that ends with exit code 1."""
    said = asd(command, *arguments)
    assert said.code == 1 and said.err.count("Error: ") == 1, said.err
    return said, said.err.splitlines()[-1]


@pytest.mark.parametrize("command", ["score", "nightly"])
def test_without_a_fit_the_line_names_it_and_it_mends_the_night(tmp_path, archive, command):
    said, line = refused(command, archive, *options(tmp_path))
    assert said.json["scored"] == 0 and said.json["errors_by_reason"].keys() == {"no_scorer"}
    fit = line.partition("run ")[2].partition(" (name nights")[0]
    assert fit.endswith(f"--since {NIGHTS[0]} --until {NIGHTS[1]}")
    assert asd(*shlex.split(fit)[1:], "--local").code == 0
    assert asd(command, archive, *options(tmp_path)).json["scored"] > 0


def test_a_fit_of_another_recipe_is_told_by_what_it_has_otherwise(tmp_path, archive):
    edits = ["--set", "detector.k=2", "--set", "encoder.r=0.5"]
    fitted = asd("fit", archive, *options(tmp_path), "--until", NIGHTS[1], *edits[:2]).json["key"]
    _, line = refused("nightly", archive, *options(tmp_path))
    assert f"the store has scorers of {fitted} (its recipe has detector.k = 2; --set detector.k=2 takes it)" in line
    assert asd("score", archive, *options(tmp_path), "--set", "detector.k=2").json["scored"] > 0
    _, line = refused("nightly", archive, *options(tmp_path), *edits)
    assert "--set detector.k=2 --set encoder.r=0.5" in line
    assert "(its recipe has encoder.r = 0.98; --set encoder.r=0.98 takes it)" in line
    _, line = refused("nightly", archive, *options(tmp_path, "twfr-gmm"))
    assert f'{fitted} (its recipe has detector.kind = "memory_bank")' in line


def test_a_finished_night_without_a_score_fails_again(tmp_path, archive):
    refused("nightly", archive, *options(tmp_path))
    said, line = refused("nightly", archive, *options(tmp_path))
    assert "complete already" in said.err and "run asd fit" in line


def test_where_the_machines_with_a_scorer_are_broken_and_others_have_none_the_first_is_named(tmp_path, archive):
    asd("fit", archive, *options(tmp_path), "--until", NIGHTS[1])
    for path in (archive / "machine_type=fan").rglob(f"date={NIGHTS[2]}/*.wav"):
        path.write_bytes(b"")
    write_fleet(archive, machines=["09"], dates=[NIGHTS[2]])
    said, line = refused("nightly", archive, *options(tmp_path))
    assert "none of 12 clips has a score (8 empty, 4 no_scorer): the first is file:///" in line
    assert said.json["notes"] == ["1 of 3 machines have no scorer, so nothing of them is scored: fan 09"]


def test_where_every_recording_is_broken_the_first_is_named(tmp_path, archive):
    asd("fit", archive, *options(tmp_path), "--until", NIGHTS[1])
    for path in (archive / "machine_type=fan").rglob(f"date={NIGHTS[2]}/*.wav"):
        path.write_bytes(b"")
    said, line = refused("nightly", archive, *options(tmp_path))
    assert said.json["errors"] == 8 and "none of 8 clips has a score (8 empty): the first is file:///" in line
    assert "asd fit" not in line


def test_an_archive_with_a_split_needs_no_dates(tmp_path):
    archive = write_dcase(tmp_path / "dev_data")
    for command in ("score", "evaluate"):
        said, line = refused(command, archive, *options(tmp_path))
        assert said.json["scored"] == 0
        assert f"run asd fit {archive} --recipe twfr-knn --store {tmp_path}/store; the store" in line


def test_an_archive_that_tells_what_is_normal_needs_no_dates(tmp_path):
    for number in range(4):
        write_wav(tmp_path / f"plant/machine_type=fan/machine_id=1/condition=normal/{number}.wav", seed=number)
    line = refused("score", tmp_path / "plant", *options(tmp_path))[1]
    assert f"run asd fit {tmp_path}/plant --recipe twfr-knn --store {tmp_path}/store; the store" in line


def test_an_archive_without_dates_needs_a_list(tmp_path):
    path = clip_path(tmp_path / "plant", "00", NIGHTS[0], 0)
    write_dcase(tmp_path / "dev_data", machines=["00"], train=1, test=0)
    path.parent.parent.mkdir(parents=True)
    next((tmp_path / "dev_data").rglob("*.wav")).rename(path.parent.parent / "a.wav")
    line = refused("nightly", tmp_path / "plant", *options(tmp_path))[1]
    assert line.endswith(f" --normal-list FILE; the store {tmp_path}/store has no scorer of any recipe")


def test_labels_without_a_split_need_no_dates(tmp_path):
    for number in range(2):
        write_wav(tmp_path / f"plant/machine_type=fan/condition=ok/{number}.wav", number)
    line = refused("nightly", tmp_path / "plant", *options(tmp_path), "--night-ends", "12:00")[1]
    assert f"--store {tmp_path}/store --night-ends 12:00; the store" in line


def test_some_machines_without_a_scorer_are_a_note(tmp_path, archive):
    asd("fit", archive, *options(tmp_path), "--until", NIGHTS[1])
    write_fleet(archive, machines=["08", "09"], dates=[NIGHTS[2]])
    for command in ("score", "nightly"):
        said = asd(command, archive, *options(tmp_path), "--date", NIGHTS[2])
        note = "2 of 4 machines have no scorer, so nothing of them is scored: fan 08, fan 09"
        assert (said.code, said.json["notes"]) == (0, [note])


@pytest.mark.parametrize("command", ["caption", "report", "backfill-captions"])
def test_a_store_without_a_scored_night_is_told_to_score_one(tmp_path, archive, command):
    run = ["--recipe", "twfr-knn", "--store", tmp_path / "store"]
    where = ["--since", NIGHTS[0], "--until", NIGHTS[2]] if command == "backfill-captions" else []
    _, line = refused(command, *run, *where)
    assert line.endswith(f"run asd nightly ARCHIVE --recipe twfr-knn --store {tmp_path}/store or asd score first")
    asd("fit", archive, *options(tmp_path, "twfr-gmm"), "--until", NIGHTS[1])
    assert "; the store has scorers of twfr-gmm-" in refused(command, *run, *where)[1]


@pytest.mark.parametrize("command", ["fit", "tune"])
def test_nothing_to_learn_from_is_one_line(tmp_path, archive, command):
    (tmp_path / "space.toml").write_text('"detector.k" = { grid = [1, 2] }\n')
    space = ["--space", tmp_path / "space.toml"] if command == "tune" else []
    for where in ([], [archive]):
        said = asd(command, *where, *options(tmp_path), *space)
        assert said.code in (1, 2) and said.err.count("Error: ") == 1 and said.out == ""


def test_too_many_errors_for_want_of_scorers_name_the_fit(tmp_path, archive):
    said = asd("nightly", archive, *options(tmp_path), "--max-error-rate", "0.5")
    assert said.code == 1 and said.out == "" and "no_scorer: learn these machines with asd fit" in said.err


def test_a_command_is_written_as_it_was_given():
    given = {"archive": "my clips", "recipe_name": "a.toml", "store_url": "s", "settings": ("detector.k=2",)}
    given |= {"layout": "auto", "pattern": "{machine_id}/{}", "channel": 0, "encoder_name": None}
    line = "asd fit 'my clips' --recipe a.toml --set detector.k=2 --channel 0 --store s --pattern '{machine_id}/{}'"
    assert written("fit", given) == line
    assert written(
        "fit", {"recipe_name": "imported-knn", "store_url": "s", "encoder_name": "x", "layout": "fleet"}
    ) == ("asd fit --recipe imported-knn --encoder x --store s")


def test_unplaced_clips_are_no_machine_without_a_scorer():
    clips = pa.table({"machine_type": ["fan", "unplaced"], "machine_id": ["0", "unplaced"]})
    assert without_scorer(clips, {"key": "k", "scorers": {"scorers/k/fan/0": "v"}}) == []


def test_machines_that_borrowed_are_named_apart_from_those_that_are_lost():
    clips = pa.table({"machine_type": ["fan", "fan", "pump"], "machine_id": ["0", "9", "1"]})
    found = without_scorer(clips, {"key": "k", "scorers": {"scorers/k/fan/0": "v", "type_scorers/k/fan": "v"}})
    assert found == [
        "1 of 3 machines are judged by the bank of their type: fan 9",
        "1 of 3 machines have no scorer, so nothing of them is scored: pump 1",
    ]
