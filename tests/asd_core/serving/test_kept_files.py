"""Files that are sent: any range is the slice, and no more than a bounded number of bytes is kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from asd_core.serving.kept_files import KeptFiles, file_answer

DATA = bytes(range(256)) * 3
FILES = KeptFiles()
FILE = FILES.keep(DATA, "audio/flac")
CLIENT = TestClient(Starlette(routes=[Route("/sound", lambda request: file_answer(request, FILE))]))


def get(**headers):
    return CLIENT.get("/sound", headers={name.replace("_", "-"): value for name, value in headers.items()})


def test_a_whole_file_is_sent_with_its_mark():
    answer = get()
    assert (answer.status_code, answer.content) == (200, DATA)
    assert answer.headers["accept-ranges"] == "bytes" and answer.headers["content-type"] == "audio/flac"
    assert answer.headers["etag"] == f'"{FILE.digest}"'
    head = CLIENT.head("/sound")
    assert head.content == b"" and head.headers["content-length"] == str(len(DATA))


@settings(max_examples=50)
@given(st.integers(0, len(DATA) - 1), st.integers(0, 2 * len(DATA)))
def test_any_range_is_the_slice(first, more):
    for asked, slice_ in (
        (f"bytes={first}-{first + more}", DATA[first : first + more + 1]),
        (f"bytes={first}-", DATA[first:]),
        (f"bytes=-{first + 1}", DATA[-first - 1 :]),
    ):
        answer = get(range=asked)
        assert (answer.status_code, answer.content) == (206, slice_)
        begin = DATA.index(slice_) if asked.startswith("bytes=-") else first
        assert answer.headers["content-length"] == str(len(slice_))
        if not asked.startswith("bytes=-"):
            assert answer.headers["content-range"] == f"bytes {begin}-{begin + len(slice_) - 1}/{len(DATA)}"


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=9999999999999999999-", "bytes=-0"])
def test_a_range_beyond_the_end_is_told(asked):
    answer = get(range=asked)
    assert answer.status_code == 416 and answer.headers["content-range"] == f"bytes */{len(DATA)}"


@settings(max_examples=20)
@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40))
def test_no_range_is_a_fault_of_the_server(text):
    for asked in (text, f"bytes={text}", f"bytes=1-2,{text}"):
        answer = CLIENT.get("/sound", headers={"range": asked.encode("latin-1")})
        assert answer.status_code in (200, 206, 400, 416)


def test_a_range_of_another_version_is_the_whole_file_and_a_known_version_is_not_sent_again():
    mark = f'"{FILE.digest}"'
    assert get(range="bytes=0-9", if_range=mark).content == DATA[:10]
    assert get(range="bytes=0-9", if_range='"another"').content == DATA
    for known in (mark, f"W/{mark}", f'"a", {mark}', "*"):
        answer = get(if_none_match=known)
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", mark)
    assert get(if_none_match='"a"').content == DATA


def test_what_nobody_asked_for_longest_is_dropped_first():
    files = KeptFiles(most_bytes=30)
    first, second, third = (files.keep(bytes([number]) * 10, "image/png") for number in range(3))
    assert files.get(first.digest) == first
    fourth = files.keep(b"d" * 10, "image/png")
    assert [files.has(file) for file in (first, second, third, fourth)] == [True, False, True, True]
    assert not second.path.exists() and fourth.path.read_bytes() == b"d" * 10
    large = files.keep(b"e" * 100, "image/png")
    assert files.has(large) and not files.has(first) and files.get("../etc") is None


def test_the_folder_goes_with_its_owner():
    files = KeptFiles()
    folder = files.keep(b"a", "image/png").path.parent
    files.close()
    assert not folder.exists()
    assert files.keep(b"a", "image/png").path.read_bytes() == b"a"
