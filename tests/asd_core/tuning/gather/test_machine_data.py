import pytest

from asd_core.store.addresses import open_files
from asd_core.tuning.gather.machine_data import local_copy, remove_local_copy


def test_a_local_folder_is_read_where_it_is(tmp_path):
    assert local_copy(str(tmp_path), ["a/b.npy"]) == tmp_path
    remove_local_copy(str(tmp_path))
    assert tmp_path.exists()


def test_a_bucket_s_files_are_copied_once(bucket):
    files = open_files(f"{bucket}/data")
    files.write("a/b.npy", b"one")
    root = local_copy(files.url, ["a/b.npy"])
    assert (root / "a/b.npy").read_bytes() == b"one"
    files.write("a/b.npy", b"two")
    assert local_copy(files.url, ["a/b.npy"]) == root and (root / "a/b.npy").read_bytes() == b"one"
    assert (local_copy(files.url, ["a/b.npy"], "another version") / "a/b.npy").read_bytes() == b"two"
    remove_local_copy(files.url)
    assert not root.exists()


def test_a_file_that_is_gone_is_an_error_and_no_copy(bucket):
    with pytest.raises(FileNotFoundError):
        local_copy(f"{bucket}/data", ["none.npy"])
    remove_local_copy(f"{bucket}/data")
