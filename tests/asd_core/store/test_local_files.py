import os
import threading
import time

import pytest

from asd_core.errors import AsdError
from asd_core.store.addresses import read_uri
from asd_core.store.local_files import LocalFiles
from tests.asd_core.store.special_files import KINDS, put_in_place


def test_what_is_written_is_read_listed_and_found(tmp_path):
    files = LocalFiles(tmp_path)
    files.write("a/b.txt", b"one")
    files.write("a/b.txt", b"two")
    assert files.read("a/b.txt") == b"two"
    assert [(info.path, info.size) for info in files.list()] == [("a/b.txt", 3)]
    assert files.exists("a/b.txt") and not files.exists("a")


def test_the_first_writer_of_a_new_file_wins(tmp_path):
    files = LocalFiles(tmp_path)
    assert files.write_new("x", b"first")
    assert not files.write_new("x", b"second")
    assert files.read("x") == b"first"


def test_of_many_writers_at_once_exactly_one_wins(tmp_path):
    won = []
    gate = threading.Barrier(8)

    def write(number):
        gate.wait()
        if LocalFiles(tmp_path).write_new("x", bytes([number]) * 100_000):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(won) == 1
    assert LocalFiles(tmp_path).read("x") == bytes(won) * 100_000
    assert len(list(tmp_path.iterdir())) == 1


def test_a_changed_file_has_another_version(tmp_path):
    files = LocalFiles(tmp_path)
    files.write("x", b"1")
    before = files.list()[0].version
    os.utime(tmp_path / "x", ns=(1, 1))
    assert files.list()[0].version != before


def test_a_folder_that_is_not_there_lists_as_empty(tmp_path):
    assert LocalFiles(tmp_path / "none").list() == []


def test_a_closed_folder_is_one_entry_and_never_opened(tmp_path):
    files = LocalFiles(tmp_path)
    for path in ("a/1", "a/bin/2", "a/bin/deep/3", "bins/4"):
        files.write(path, b"x")
    (tmp_path / "bins/bin").symlink_to(tmp_path / "a")
    asked = []
    paths = [info.path for info in files.list(closed=lambda name: asked.append(name) or name == "bin")]
    assert paths == ["a/1", "a/bin/", "bins/4", "bins/bin/"] and "deep" not in asked


def test_any_name_that_the_file_system_takes_can_be_read_back_by_its_uri(tmp_path):
    for name in [b"plain.wav", b"a b%20c.wav", b"new\nline.wav", b'quote".wav', b"<script>.wav", b"latin-\xe9.wav"]:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    files = LocalFiles(tmp_path)
    for info in files.list():
        uri = files.uri(info.path)
        assert uri.isascii() and "\n" not in uri and '"' not in uri and "<" not in uri
        assert read_uri(uri) == os.fsencode(info.path)


def test_a_file_in_the_way_of_a_folder_is_said_in_one_line(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(AsdError, match="a file is in the way"):
        LocalFiles(tmp_path / "store").write("runs/x.json", b"")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_named_and_neither_read_nor_taken_for_one(tmp_path, kind):
    put_in_place(tmp_path / "a/b.json", kind)
    files = LocalFiles(tmp_path)
    with pytest.raises(OSError) as refused:
        files.read("a/b.json")
    assert str(refused.value.filename).endswith("a/b.json") and not files.exists("a/b.json")
    with pytest.raises(AsdError, match="a/b.json is no regular file: move it away"):
        files.write_new("a/b.json", b"x")
    assert [info.path for info in files.list() if ".asd-" in info.path] == []


def test_what_a_killed_writer_left_is_removed_once_it_is_old(tmp_path):
    files, parts = LocalFiles(tmp_path), tmp_path / ".asd-parts"
    parts.mkdir()
    for name, age in (("old", 301), ("new", 100)):
        (parts / f".asd-part-{name}").write_bytes(b"half")
        os.utime(parts / f".asd-part-{name}", (0, time.time() - age))
    files.write("x", b"1")
    assert [info.path for info in files.list()] == ["x"]
    files.remove_leftovers(300)
    assert [one.name for one in parts.iterdir()] == [".asd-part-new"]
    files.remove_leftovers(50)
    assert not parts.exists() and files.read("x") == b"1"


def test_a_file_is_written_beside_where_there_can_be_no_folder_for_parts(tmp_path):
    (tmp_path / ".asd-parts").write_text("in the way")
    LocalFiles(tmp_path).write("a/b", b"1")
    assert LocalFiles(tmp_path).read("a/b") == b"1" and len(list((tmp_path / "a").iterdir())) == 1


def test_a_folder_that_was_written_to_holds_nothing_else(tmp_path):
    files = LocalFiles(tmp_path)
    files.write("a", b"1")
    files.write_new("b", b"1")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a", "b"]


def test_files_that_are_deleted_together_take_their_empty_folders_along(tmp_path):
    files = LocalFiles(tmp_path)
    for path in ("a/night/index.html", "a/night/media/1.png", "a/other/index.html"):
        files.write(path, b"")
    files.delete_all(["a/night/index.html", "a/night/media/1.png", "a/night/gone"])
    assert [info.path for info in files.list()] == ["a/other/index.html"]
    assert not (tmp_path / "a/night").exists()


def test_files_of_writers_that_were_killed_are_listed_apart(tmp_path):
    files = LocalFiles(tmp_path)
    assert files.leftovers() == []
    (tmp_path / ".asd-parts").mkdir()
    (tmp_path / ".asd-parts/.asd-part-1").write_bytes(b"12")
    os.utime(tmp_path / ".asd-parts/.asd-part-1", (5, 5))
    (left,) = files.leftovers()
    assert (left.path, left.size, left.modified) == (".asd-parts/.asd-part-1", 2, 5.0)
    assert files.list() == []
