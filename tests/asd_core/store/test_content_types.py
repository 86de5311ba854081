import pytest

from asd_core.store.content_types import content_type


@pytest.mark.parametrize("path", ["a/index.html", "A.HTML"])
def test_a_page_is_shown_and_not_saved(path):
    assert content_type(path) == "text/html; charset=utf-8"


def test_a_file_of_no_known_ending_is_bytes():
    assert content_type("a.html/b") == content_type("x.unknown") == "application/octet-stream"
