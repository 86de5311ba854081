import pytest

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.local_files import LocalFiles
from asd_core.store.many_files import committed_tables, delete_many, read_many, read_present, which_exist, write_many
from asd_core.store.tables import CLIPS, to_parquet
from tests.stored_rows import rows


@pytest.fixture
def files(tmp_path):
    return LocalFiles(tmp_path)


def test_many_files_come_in_their_order(files):
    names = [f"{number}" for number in range(100)]
    write_many(files, {name: name.encode() for name in names})
    assert list(read_many(files, names, at_once=3)) == [name.encode() for name in names]
    delete_many(files, names[:99])
    assert [info.path for info in files.list()] == ["99"]


def test_a_file_that_is_gone_is_none_or_an_error(files):
    files.write("a", b"1")
    assert list(read_present(files, ["a", "b", "a"])) == [b"1", None, b"1"]
    with pytest.raises(FileNotFoundError):
        list(read_many(files, ["a", "b", "a"]))


def test_no_more_is_held_than_was_said(files):
    write_many(files, {f"{number}": b"" for number in range(20)})
    opened = []

    class Noting(LocalFiles):
        def read(self, path):
            opened.append(path)
            return super().read(path)

    reading = read_many(Noting(files.root), [f"{number}" for number in range(20)], at_once=4)
    next(reading)
    assert len(opened) <= 5
    reading.close()


def test_what_is_there_stays(files):
    files.write("a", b"old")
    write_many(files, {"a": b"new", "b": b"new"})
    assert files.read("a") == b"old" and files.read("b") == b"new"


RECORD = {"run_id": "nightly-1"}


def commit(files, path, ids):
    data = to_parquet(rows(CLIPS, ids))
    files.write(path, data)
    return {path: content_hash(data)}


def test_tables_come_in_the_order_of_the_record(files):
    checksums = commit(files, "b", ["x"]) | commit(files, "a", ["y"])
    assert [table["clip_id"].to_pylist() for table in committed_tables(files, RECORD, checksums)] == [["x"], ["y"]]
    assert next(committed_tables(files, RECORD, checksums, ["uri"])).column_names == ["uri"]


@pytest.mark.parametrize(("data", "said"), [(None, "gone from the store"), (b"other", "bytes have changed")])
def test_a_file_that_is_gone_or_changed_is_said_with_its_run(files, data, said):
    checksums = commit(files, "a", ["x"])
    (files.root / "a").unlink() if data is None else files.write("a", data)
    with pytest.raises(AsdError, match=f"nightly-1 names a.*{said}"):
        list(committed_tables(files, RECORD, checksums))


def test_which_files_exist_is_told_in_the_order_asked(files):
    files.write("a/b", b"")
    assert which_exist(files, ["c", "a/b", "a"]) == [False, True, False]
