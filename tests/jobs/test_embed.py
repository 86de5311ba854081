import pytest

from tests.command import asd
from tests.fleet import NIGHTS, touched, write_fleet
from tests.jobs.options import options


@pytest.fixture
def archive(tmp_path):
    return write_fleet(tmp_path / "archive")


def test_an_archive_left_out_is_what_is_embedded(tmp_path, archive):
    said = asd("embed", archive, *options(tmp_path))
    assert (said.json["listed"], said.json["embedded"], said.json["decoded"]) == (24, 24, 24)
    said = asd("fit", *options(tmp_path), "--until", NIGHTS[1])
    assert (said.json["listed"], said.json["decoded"]) == (16, 0)
    assert asd("score", *options(tmp_path), "--date", NIGHTS[2]).json["scored"] == 8


def test_a_copied_archive_does_not_make_twins_of_what_is_stored(tmp_path, archive):
    asd("embed", archive, *options(tmp_path))
    first = asd("fit", *options(tmp_path), "--until", NIGHTS[1])
    for path in archive.rglob("*.wav"):
        touched(path)
    asd("embed", archive, *options(tmp_path))
    said = asd("fit", *options(tmp_path), "--until", NIGHTS[1])
    assert said.json["listed"] == first.json["listed"] == 16
    lines = [line for line in said.err.splitlines() if "threshold" in line]
    assert lines and lines == [line for line in first.err.splitlines() if "threshold" in line]
    assert asd("score", *options(tmp_path), "--date", NIGHTS[2]).json["listed"] == 8


def test_an_archive_of_nothing_but_broken_recordings_is_no_success(tmp_path):
    archive = write_fleet(tmp_path / "archive", machines=["00"], dates=NIGHTS[:1], clips=2)
    for path in archive.rglob("*.wav"):
        path.write_bytes(b"")
    said = asd("embed", archive, *options(tmp_path))
    assert (said.code, said.json["errors"]) == (1, 2) and "not one of 2 recordings could be embedded" in said.err
