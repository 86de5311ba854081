"""`asd serve` as a command."""

import contextlib
import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.command import asd
from tests.docs.blocks import ROOT

TOKEN = "correct-horse-battery-staple"


@pytest.fixture
def token_file(tmp_path):
    path = tmp_path / "token"
    path.touch(0o600)
    path.write_text(TOKEN)
    return path


def status(address, **headers):
    """Of the answer to a request with these headers, ``Host`` among them."""
    asked = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}", **headers})
    try:
        with urllib.request.urlopen(asked) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def own_address():
    """An address of this computer by which others reach it; None where it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking, contextlib.suppress(OSError):
        asking.connect(("192.0.2.1", 9))
        return asking.getsockname()[0]


def test_it_tells_its_address_answers_and_ends_quietly(tmp_path, token_file):
    line = [sys.executable, "-c", "from jobs.main import script; script()", "serve", "--store", tmp_path / "store"]
    line += ["--port", "0", "--token-file", token_file, "--name", "Asd.example.com", "--json", "--quiet"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        try:
            told = json.loads(running.stdout.readline())
            address = told["address"]
            assert status(address) == 200 and status(address + "nothing") == 404
            assert status(address, Authorization="") == 401 and status(address, Host="evil.example") == 400
            assert status(address, Host="asd.example.com") == 200
            if (elsewhere := own_address()) is not None:
                with pytest.raises(urllib.error.URLError, match="refused"):
                    urllib.request.urlopen(address.replace("127.0.0.1", elsewhere))
        finally:
            running.send_signal(signal.SIGINT)
        assert running.wait(20) == 0 and running.stdout.read() == running.stderr.read() == ""
    assert told["asks_for_token"] and set(told) == {"address", "asks_for_token"}
    page = (ROOT / "docs" / "environment.md").read_text("utf-8")
    assert all(f"| `asd serve` | `{key}` |" in page for key in told)
    assert not (tmp_path / "store").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com"])
def test_beyond_this_computer_a_token_is_needed(tmp_path, host):
    said = asd("serve", "--store", tmp_path, "--host", host)
    assert said.code == 2 and "give a --token-file" in said.err and len(said.err.splitlines()) == 1


def test_a_token_file_that_all_can_read_is_refused(tmp_path, token_file):
    token_file.chmod(0o644)
    said = asd("serve", "--store", tmp_path, "--token-file", token_file)
    assert said.code == 2 and "everybody on this computer can read" in said.err and TOKEN not in said.err


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = asd("serve", "--store", tmp_path, "--port", port)
    note, line = said.err.splitlines()
    assert said.code == 1 and f"cannot listen on 127.0.0.1, port {port}" in line
    assert note == f"note: nothing has run in {tmp_path} yet: its pages are empty until asd nightly"
