"""Clients of an application, as browsers and programs are."""

from urllib.parse import unquote

import anyio
from starlette.testclient import TestClient

from asd_core.serving.access import LOOPBACK_NAMES, Access
from asd_core.serving.application import build_application

TOKEN = "correct-horse-battery-staple"
HERE = "http://127.0.0.1:8321"


def local_client(store):
    """A program on the server's own computer; the server has no token."""
    return TestClient(build_application(store), HERE, client=("127.0.0.1", 40_000), follow_redirects=False)


def far_client(store, bearer=None, **options):
    """A program on another computer; the server has a token."""
    access = Access(TOKEN, LOOPBACK_NAMES | {"asd.example.com"}, any_address=True)
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    application = build_application(store, access)
    return TestClient(
        application, "http://10.1.2.3:8321", client=("10.9.9.9", 1), headers=headers, follow_redirects=False, **options
    )


def form_secret(client):
    """The hidden field that a form of this client's server must bear."""
    return client.app.state.access.form_secret


def raw_answer(application, path):
    """Status and body of the answer to a path that no client has made shorter or encoded."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http"}
    scope |= {"path": unquote(path), "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    scope |= {"headers": [(b"host", b"127.0.0.1:8321")], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8321)}
    anyio.run(application, scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)
