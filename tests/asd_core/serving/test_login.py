"""Logging in and out."""

import pytest

from asd_core.store.store import open_store
from tests.asd_core.serving.clients import TOKEN, far_client, form_secret


@pytest.fixture
def client(tmp_path):
    return far_client(open_store(str(tmp_path / "store")))


def test_the_token_gets_a_strict_cookie_that_scripts_cannot_read(client):
    answer = client.post("/login", data={"token": TOKEN, "next": "/nights?page=2"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/nights?page=2")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and "Secure" not in cookie and TOKEN not in cookie
    assert client.get("/nothing").status_code == 404
    client.post("/logout", data={"form_secret": form_secret(client)})
    assert client.get("/nothing").status_code == 401


def test_another_word_gets_none(client):
    answer = client.post("/login", data={"token": "wrong"})
    assert answer.status_code == 403 and "set-cookie" not in answer.headers and "wrong" not in answer.text


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "\\\\evil.example", "/\\evil.example", "/\n/evil", ""]
)
def test_no_link_leads_from_here_to_another_site(client, path):
    assert client.post("/login", data={"token": TOKEN, "next": path}).headers["location"] == "/"
    assert "evil" not in client.get("/login", params={"next": path}).text


def test_whoever_follows_a_link_from_a_message_is_asked_only_without_a_cookie(client):
    page = client.get("/login?next=/clips/a", headers={"Sec-Fetch-Site": "cross-site"}).text
    assert '<meta http-equiv="refresh" content="0; url=/clips/a">' in page
    assert "refresh" not in client.get("/login?next=/clips/a", headers={"Sec-Fetch-Site": "same-origin"}).text


def test_a_cookie_given_by_https_stays_there(tmp_path):
    client = far_client(open_store(str(tmp_path)))
    client.base_url = "https://asd.example.com"
    assert "Secure" in client.post("/login", data={"token": TOKEN}).headers["set-cookie"]
