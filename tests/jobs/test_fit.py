import pytest

from tests.command import asd
from tests.fleet import NIGHTS, clip_path, files_of, write_fleet, write_wav
from tests.jobs.options import options


@pytest.fixture
def archive(tmp_path):
    return write_fleet(tmp_path / "archive")


def test_the_nights_between_two_dates_are_learnt_and_no_other(tmp_path, archive):
    said = asd("fit", archive, *options(tmp_path), "--since", NIGHTS[1], "--until", NIGHTS[1])
    assert (said.json["listed"], said.json["machines"], said.json["new_scorers"]) == (8, 2, 2)
    assert "fan 00: 4 normal clips, threshold " in said.err


def test_a_second_fit_adds_no_file(tmp_path, archive):
    asd("fit", archive, *options(tmp_path), "--until", NIGHTS[1])
    before = files_of(tmp_path / "store")
    said = asd("fit", archive, *options(tmp_path), "--until", NIGHTS[1])
    assert (said.code, said.json["new_scorers"], said.json["decoded"]) == (0, 0, 0)
    assert files_of(tmp_path / "store") == before


def test_a_list_may_name_the_normal_clips(tmp_path, archive):
    names = [clip_path(archive, "00", NIGHTS[0], number) for number in range(3)]
    listing = tmp_path / "normal.txt"
    listing.write_text("\n".join([str(names[0]), *(str(name.relative_to(archive)) for name in names[1:]), ""]))
    said = asd("fit", archive, *options(tmp_path), "--normal-list", listing)
    assert (said.json["listed"], said.json["fitted"]) == (3, 1)
    listing.write_text("no/such.wav")
    said = asd("fit", archive, *options(tmp_path), "--normal-list", listing)
    assert said.code == 2 and "1 lines of" in said.err and "'no/such.wav'" in said.err


def test_clips_known_to_be_anomalous_or_of_the_test_split_are_never_learnt(tmp_path):
    for number, (split, condition) in enumerate([("train", "normal")] * 3 + [("test", "normal"), ("train", "anomaly")]):
        path = tmp_path / f"archive/machine_type=fan/split={split}/condition={condition}/date=2026-11-01/{number}.wav"
        write_wav(path, seed=number)
    for where in ([], ["--since", "2026-11-01"]):
        assert asd("fit", tmp_path / "archive", *options(tmp_path), *where).json["listed"] == 3


def test_a_machine_that_cannot_be_fitted_is_a_line_and_the_others_go_on(tmp_path, archive):
    write_wav(clip_path(archive, "one", NIGHTS[0], 0), seed=0)
    said = asd("fit", archive, *options(tmp_path), "--since", NIGHTS[0])
    assert (said.code, said.json["fitted"], said.json["machines"]) == (0, 2, 3)
    assert "fan one: no scorer: 1 normal clip of fan one: at least 2 are needed" in said.err


def test_a_fit_without_a_single_scorer_has_failed_and_says_why(tmp_path):
    write_wav(clip_path(tmp_path / "archive", "one", NIGHTS[0], 0), seed=0)
    said = asd("fit", tmp_path / "archive", *options(tmp_path), "--since", NIGHTS[0], "--quiet")
    assert (said.code, said.json["fitted"]) == (1, 0)
    assert said.err == (
        "Error: no machine could be fitted, the first for this: 1 normal clip of fan one: "
        "at least 2 are needed; record more\n"
    )


def test_a_list_and_a_span_exclude_each_other(tmp_path, archive):
    said = asd("fit", archive, *options(tmp_path), "--normal-list", tmp_path / "list", "--since", NIGHTS[0])
    assert said.code == 2 and "--normal-list and --since or --until exclude each other" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["docs"], "--update learns nights that the store has scored: leave ARCHIVE out"),
        (["--since", NIGHTS[0]], "--update chooses nights by their alarms and labels"),
        (["--no-labels"], "--update chooses nights by their alarms and labels"),
    ],
)
def test_an_update_takes_neither_an_archive_nor_dates(tmp_path, arguments, message):
    said = asd("fit", "--update", *arguments, *options(tmp_path))
    assert (said.code, said.out) == (2, "") and message in said.err


def test_an_update_says_what_became_of_each_machine(tmp_path):
    dates = [f"2026-11-{day:02d}" for day in range(1, 17)]
    archive = write_fleet(tmp_path / "archive", ("00", "01", "02", "03", "04"), dates, clips=2)
    assert asd("fit", archive, *options(tmp_path), "--until", dates[5]).code == 0
    assert asd("score", archive, *options(tmp_path)).code == 0
    said = asd("fit", "--update", "--quarantine", "3", "--most-nights", "4", *options(tmp_path))
    assert said.code == 0, said.err
    assert said.json["new_scorers"] + said.json["refused"] == 5 and said.json["machines"] == 5
    assert len(said.json["joined_nights"]) == said.json["new_scorers"]
    assert set(said.json["joined_nights"].values()) <= {1, 2, 3, 4}
    assert (said.json["run_id"] is None) == (said.json["new_scorers"] == 0)
    assert "nights joined" in said.err or "its scorer stays" in said.err
