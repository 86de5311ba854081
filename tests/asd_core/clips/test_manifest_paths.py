from __future__ import annotations

from pathlib import Path

import pytest

from asd_core.clips.manifest_paths import uris_of
from asd_core.errors import UsageError
from asd_core.store.local_files import LocalFiles
from asd_core.store.s3_files import S3Files


def uris(folder: Path, *texts: str) -> list[str]:
    return uris_of("list.csv", LocalFiles(folder), texts)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fan" / "07").mkdir(parents=True)
    (tmp_path / "fan" / "07" / "a.wav").write_bytes(b"1")
    return tmp_path


def test_every_spelling_of_a_path_names_one_file(folder: Path) -> None:
    absolute = str(folder / "fan/07/a.wav")
    texts = ["fan/07/a.wav", "./fan/07/a.wav", "fan//07/../07/a.wav", r"fan\07\a.wav", r".\fan\07\a.wav", absolute]
    texts += [f"file://{absolute}", f"file:{absolute}", f"file://localhost{absolute}", f"FILE://{absolute}"]
    assert set(uris(folder, *texts)) == {Path(absolute).as_uri()}


def test_a_file_whose_name_holds_a_backslash_is_taken_by_it(folder: Path) -> None:
    (folder / r"fan\07\a.wav").write_bytes(b"2")
    assert uris(folder, r"fan\07\a.wav") == [(folder / r"fan\07\a.wav").as_uri()]


def test_a_path_with_backslashes_and_no_file_is_one_with_slashes(folder: Path) -> None:
    assert uris(folder, r"gone\b.wav", "") == [(folder / "gone/b.wav").as_uri(), ""]


@pytest.mark.parametrize(
    "text", [r"C:\rec\a.wav", "d:/rec/a.wav", r"\\server\rec\a.wav", "//server/a.wav", "file:///C:/rec/a.wav"]
)
def test_a_path_of_a_windows_drive_is_refused_with_its_row(folder: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"row 2 of list.csv names .*, a path of a Windows drive or server: write it"):
        uris(folder, "fan/07/a.wav", text)


def test_addresses_of_s3_have_other_names_in_hadoop() -> None:
    files = S3Files("s3://bucket/folder")
    found = uris_of("list.csv", files, ["s3a://bucket/x/a.wav", "S3://bucket/x/a.wav", "b.wav"])
    assert found == ["s3://bucket/x/a.wav"] * 2 + ["s3://bucket/folder/b.wav"]


def test_another_scheme_is_refused_with_its_row(folder: Path) -> None:
    with pytest.raises(UsageError, match="row 1 of list.csv: .*ftp://"):
        uris(folder, "ftp://b/a.wav")
