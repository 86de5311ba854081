"""Archives of generated clips in a store."""

import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from asd_core.synthesis.generation.archive import (
    SYNTHETIC_CLIPS,
    Parts,
    finish,
    folder_of,
    row_of,
    sha256_of,
    without_duplicates,
)
from asd_core.synthesis.generation.plan import plan_clips
from tests.asd_core.synthesis.generation.fakes import QUICK, wanted_of

PLANNED = plan_clips(wanted_of(("fan", "00")), QUICK)
PARTS = Parts("plant", "abc")


def made(files, count=3, same=False):
    rows = []
    for index, clip in enumerate(PLANNED[:count]):
        data = b"sound" if same else f"sound {index}".encode()
        files.write(f"{folder_of('plant', 'abc')}/{clip.path}", data)
        rows.append(row_of(clip, "d1", "", size=len(data), sha256=sha256_of(data)))
    return rows


def test_a_clip_is_done_only_while_it_lies_there_whole(tmp_path):
    files = LocalFiles(tmp_path)
    rows = made(files)
    PARTS.write(files, 4, pa.Table.from_pylist(rows, SYNTHETIC_CLIPS))
    assert list(PARTS.read(files).values()) == rows
    files.write(f"{folder_of('plant', 'abc')}/{rows[1]['path']}", b"cut")
    assert list(PARTS.read(files).values()) == [rows[0], rows[2]]


def test_a_broken_part_is_made_again(tmp_path):
    files = LocalFiles(tmp_path)
    files.write(f"{PARTS.folder}/000000.parquet", b"PAR1 cut short")
    assert PARTS.read(files) == {}
    PARTS.remove(files)
    assert files.list() == []


def test_of_clips_with_the_same_bytes_the_first_stays(tmp_path):
    files = LocalFiles(tmp_path)
    rows = made(files, same=True)
    table = finish(files, PARTS, list(reversed(rows)))
    assert table["error_reason"].to_pylist() == [None, "duplicate", "duplicate"]
    assert table["error"][2].as_py() == f"the same bytes as {rows[0]['path']}"
    left = [f"synthetic/plant/abc/{name}" for name in ("clips.parquet", rows[0]["path"])]
    assert [info.path for info in files.list()] == left
    assert without_duplicates(table.to_pylist()) == table.to_pylist()


def test_the_clips_of_a_complete_archive_are_done(tmp_path):
    files = LocalFiles(tmp_path)
    table = finish(files, PARTS, made(files))
    assert PARTS.read(files) == {row["path"]: row for row in table.to_pylist()}


def test_an_archive_without_one_usable_clip_is_an_error(tmp_path):
    rows = [row_of(PLANNED[0], "d1", "", error_reason="silent", error="nothing but zeros")]
    with pytest.raises(AsdError, match="none of 1 generated clips can be used; the first: nothing but zeros"):
        finish(LocalFiles(tmp_path), PARTS, rows)
