import pytest

from asd_core.store.local_files import LocalFiles
from asd_core.store.many_files import delete_many, read_many, read_present, write_many


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
