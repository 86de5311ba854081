"""``asd serve``."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from asd_core.errors import AsdError, UsageError
from jobs.console import Talk
from jobs.job import with_talk
from jobs.opened import open_store_of
from jobs.options import store_option

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from asd_core.serving.access import Access

_ANY = ("0.0.0.0", "::")
_MOST_AT_ONCE = 256  # connections; others are told to come again
_SECONDS_TO_END = 3  # for answers under way


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8321,
    show_default=True,
    help="Port to listen on; 0 takes a free one.",
)
@click.option(
    "--token-file",
    metavar="FILE",
    help="File with the token that every request must bear. [default: none, and only this computer is answered]",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST",
    help="Name under which the server is reached, such as asd.example.com behind a proxy (repeatable).",
)
@store_option
@with_talk
def command(talk: Talk, store_url: str, host: str, port: int, token_file: str | None, names: tuple[str, ...]) -> None:
    """Serve the nights, machines and clips of a store as web pages, and take labels by a click.

    Pages are made from what runs have committed, as they are asked for. A new night is there without a restart. Nothing
    but labels is written. Without --token-file only 127.0.0.1 can be listened on. Ctrl-C ends it.

    \b
    Example:
      asd serve --store store
      asd serve --store s3://plant/store --host 0.0.0.0 --token-file token --name asd.example.com
    """
    from asd_core.serving.application import build_application

    access = _access(host, token_file, names)
    store = open_store_of(store_url)
    if not store.files.list("runs"):
        where = store.files.address("").rstrip("/")
        talk.say(f"note: nothing has run in {where} yet: its pages are empty until asd nightly")
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    asks = "asks for the token" if access.token is not None else "answers this computer alone"
    talk.result(
        {"address": address, "asks_for_token": access.token is not None},
        f"serving {store.files.address('').rstrip('/')} at {address} ({asks}); Ctrl-C ends it",
    )
    _serve(build_application(store, access), listening)


def _access(host: str, token_file: str | None, names: Sequence[str]) -> Access:
    from asd_core.serving.access import LOOPBACK_NAMES, Access, is_loopback, read_token

    token = None if token_file is None else read_token(token_file)
    if token is None and not is_loopback(host):
        raise UsageError(f"--host {host} can be reached from other computers: give a --token-file, or leave it out")
    known = LOOPBACK_NAMES | {name.lower() for name in (*names, host)}
    if host in _ANY:
        known |= {socket.gethostname().lower(), socket.getfqdn().lower()}
    return Access(token, known, any_address=token is not None)


def _listen(host: str, port: int) -> socket.socket:
    """A socket on an address, so that a port that is taken is told before anything starts."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=128)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise AsdError(f"cannot listen on {host}, port {port}: {why}; name another --port or --host") from error


def _serve(application: Starlette, listening: socket.socket) -> None:
    """Answer until somebody ends it; that is how it should end."""
    import uvicorn

    application.state.clips.sounds.start()
    config = uvicorn.Config(
        application,
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=_MOST_AT_ONCE,
        timeout_graceful_shutdown=_SECONDS_TO_END,
    )
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass  # uvicorn raises again what ended it
    finally:
        listening.close()
        application.state.clips.close()
