import json
import os

import pytest

from asd_core.store.addresses import path_as_listed, plain_path
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
