"""The application as a whole: only what is a page is found, and what fails is a page too."""

import pytest

from asd_core.store.store import open_store
from tests.asd_core.serving.clients import local_client

ASIDE = [
    "/../aside/a.json",
    "/%2e%2e/aside/a.json",
    "/%252e%252e/aside/a.json",
    "/..%2faside%2fa.json",
    "/..%5cruns",
    "//etc/passwd",
    "/%2fetc%2fpasswd",
    "/aside/a.json",
    "/nights/../../aside/a.json",
    "/nights/%2e%2e%2fruns",
    "/machines/../a",
    "/machines/a/%2e%2e",
    "/machines/%2fetc/passwd",
    "/machines/fan/file:%2f%2f%2fetc%2fpasswd",
    "/nights/%00",
    "/nights/\udcff".encode("utf-8", "surrogateescape").hex("%"),
    "/labels",
    "/store",
]


@pytest.mark.parametrize("path", ASIDE)
def test_no_path_leads_past_the_pages(tmp_path, path):
    store = open_store(str(tmp_path))
    store.files.write("aside/a.json", b"{}")
    answer = local_client(store).get(path)
    assert answer.status_code == 404 and "passwd" not in answer.text and "root:" not in answer.text


def test_what_is_not_there_is_a_plain_page_that_repeats_nothing(tmp_path):
    answer = local_client(open_store(str(tmp_path))).get("/<script>alert(1)</script>")
    assert answer.status_code == 404 and "alert" not in answer.text and "Nothing here" in answer.text


def test_another_method_is_refused(tmp_path):
    assert local_client(open_store(str(tmp_path))).put("/login").status_code == 405
