"""Who is let in, and what each answer forbids."""

import pytest
from starlette.testclient import TestClient

from asd_core.serving.application import build_application
from asd_core.store.store import open_store
from tests.asd_core.serving.clients import HERE, TOKEN, far_client, form_secret, local_client


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path / "store"))


def test_without_a_token_this_computer_alone_is_answered(store):
    assert local_client(store).get("/healthz").text == "ok\n"
    assert local_client(store).post("/logout", data={"form_secret": "x"}).status_code == 403
    for client in (("10.0.0.5", 1), ("testclient", 1), None):
        far = TestClient(build_application(store), HERE, client=client, follow_redirects=False)
        assert far.get("/login").status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8321", "localhost.evil", "10.0.0.1", ""])
def test_a_request_to_another_name_is_refused(store, host):
    answer = local_client(store).get("/login", headers={"Host": host})
    assert answer.status_code == 400 and host not in answer.text.replace('""', "") or not host


def test_with_a_token_nothing_is_told_without_it(store):
    for bearer in (None, "wrong", TOKEN + "x", TOKEN[:-1]):
        client = far_client(store, bearer)
        for path in ("/", "/nights", "/machines/a/b", "/nothing", "/../runs"):
            answer = client.get(path)
            assert answer.status_code == 401 and "token" in answer.text, path
            assert client.post(path).status_code == 401
    assert far_client(store, TOKEN).get("/nothing").status_code == 404


def test_a_browser_is_sent_to_the_page_that_asks_for_it_and_back(store):
    answer = far_client(store).get("/nights?key=a%2Fb", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fnights%3Fkey%3Da%252Fb")


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://10.1.2.3:9999"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=[" ".join(one.values()) for one in FOREIGN])
def test_what_a_page_of_another_site_sends_is_refused_even_with_token_and_field(store, headers):
    client = far_client(store, TOKEN)
    sent = {"form_secret": form_secret(client)}
    assert client.post("/logout", data=sent, headers=headers).status_code == 403
    assert client.post("/logout", data=sent, headers={"Origin": "http://10.1.2.3:8321"}).status_code == 303


def test_every_answer_forbids_what_no_page_needs(store):
    client = local_client(store)
    for path in ("/login", "/nothing", "/healthz"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"] == "same-origin"
        assert "server" not in headers
