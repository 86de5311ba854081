import pytest

from asd_core.errors import UsageError
from asd_core.store.addresses import canonical_uri, open_files, path_within
from asd_core.store.local_files import LocalFiles


def test_another_scheme_is_refused():
    with pytest.raises(UsageError, match="write a folder, file:// or s3://"):
        open_files("gopher://somewhere/else")


def test_the_address_of_a_file_is_normalised_and_an_s3_key_is_taken_as_it_is():
    assert canonical_uri("file:///a//b/./c/../d e.wav") == "file:///a/b/d%20e.wav"
    assert canonical_uri("s3://rec/fleet//a/./b/../c%20d.wav") == "s3://rec/fleet//a/./b/../c%20d.wav"


def test_a_folder_within_another_is_found_by_its_real_path(tmp_path):
    (tmp_path / "archive/inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "archive")
    archive = LocalFiles(tmp_path / "archive")
    assert path_within(archive, LocalFiles(tmp_path / "link/inner/new store")) == "inner/new store"
    for outside in (archive, LocalFiles(tmp_path / "archive2"), LocalFiles(tmp_path), open_files("s3://rec/archive")):
        assert path_within(archive, outside) is None
    assert path_within(open_files("s3://rec"), open_files("s3://rec/a b/store")) == "a b/store"
