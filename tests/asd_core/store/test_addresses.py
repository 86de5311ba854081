import json
import os

import pytest

from asd_core.errors import UsageError
from asd_core.store.addresses import open_files, open_uri, path_as_listed, plain_path
from asd_core.store.file_bytes import FileBytes
from asd_core.store.files import accept_any
from asd_core.store.local_files import LocalFiles
from asd_core.store.s3_files import S3Files
from tests.asd_core.store.odd_names import NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_address_is_plain_as_people_write_it(tmp_path, name):
    assert plain_path(LocalFiles(tmp_path).uri(name)) == f"{tmp_path}/{name}"
    assert plain_path(S3Files("s3://bucket/my clips").uri(name)) == f"s3://bucket/my clips/{name}"


def test_a_name_that_is_no_text_and_an_imported_embedding_keep_their_address(tmp_path):
    uri = LocalFiles(tmp_path).uri(os.fsdecode(b"\xff.wav"))
    assert uri.endswith("%FF.wav") and plain_path(uri) == uri
    assert plain_path("import:here/fan%20a/train/000001") == "import:here/fan%20a/train/000001"


@pytest.mark.parametrize("name", NAMES)
def test_the_path_of_a_manifest_is_kept_as_it_is_written(name):
    extra = json.dumps({"path": f"./{name}", "load": 1}, ensure_ascii=False)
    assert path_as_listed("file:///x/y.wav", extra) == f"./{name}"


@pytest.mark.parametrize("extra", ["{}", '{"path": ""}', '{"path": 3}', '{"note": "\\"path\\""}', ""])
def test_without_one_it_is_the_plain_path(extra):
    assert path_as_listed("file:///x/a%20b.wav", extra) == "/x/a b.wav"


@pytest.mark.parametrize("place", ["folder", "s3"])
def test_a_large_file_stays_on_disk_and_holds_the_same_bytes(tmp_path, bucket, place):
    files, data = open_files(str(tmp_path) if place == "folder" else bucket), os.urandom(3 << 20)
    files.write("a.wav", data)
    seen = []
    large = open_uri(files.uri("a.wav"), seen.append, 1 << 20)
    assert isinstance(large, FileBytes) and large[:] == data and large.rfind(data[-9:]) == len(data) - 9
    assert [info.size for info in seen] == [len(data)]
    assert open_uri(files.uri("a.wav"), accept_any, 4 << 20) == data
    with pytest.raises(FileNotFoundError):
        open_uri(files.uri("b.wav"), accept_any, 1 << 20)


def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        open_uri(LocalFiles(tmp_path).uri("pipe"), accept_any, -1)


def test_what_is_not_accepted_is_not_opened(tmp_path):
    def refuse(info):
        raise ValueError(info.size)

    (tmp_path / "a").write_bytes(b"abc")
    for in_memory in (1, 9):
        with pytest.raises(ValueError, match="3"):
            open_uri(LocalFiles(tmp_path).uri("a"), refuse, in_memory)


@pytest.mark.parametrize("url", ["a\0b", "file:///a%00b", "\ud800"])
def test_a_name_that_no_folder_can_have_is_refused(url):
    with pytest.raises(UsageError, match="no folder has such a name"):
        open_files(url)
