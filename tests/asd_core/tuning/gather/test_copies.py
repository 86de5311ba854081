import pytest

from asd_core.store.addresses import open_files
from asd_core.tuning.gather.machine_data import at_hand, forget


def test_a_local_folder_is_read_where_it_is(tmp_path):
    assert at_hand(str(tmp_path), ["a/b.npy"]) == tmp_path
    forget(str(tmp_path))
    assert tmp_path.exists()


def test_a_bucket_s_files_are_copied_once(bucket):
    files = open_files(f"{bucket}/data")
    files.write("a/b.npy", b"one")
    root = at_hand(files.url, ["a/b.npy"])
    assert (root / "a/b.npy").read_bytes() == b"one"
    files.write("a/b.npy", b"two")
    assert at_hand(files.url, ["a/b.npy"]) == root and (root / "a/b.npy").read_bytes() == b"one"
    assert (at_hand(files.url, ["a/b.npy"], "another version") / "a/b.npy").read_bytes() == b"two"
    forget(files.url)
    assert not root.exists()


def test_a_file_that_is_gone_is_an_error_and_no_copy(bucket):
    with pytest.raises(FileNotFoundError):
        at_hand(f"{bucket}/data", ["none.npy"])
    forget(f"{bucket}/data")
