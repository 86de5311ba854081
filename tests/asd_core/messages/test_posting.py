import logging
import socket
import threading
import time

import pytest

from asd_core.messages.posting import Answer, post
from tests.message_receiver import FAULTS, NOT_TAKEN, MessageReceiver

CERTAINLY_NOT = ("refused", "redirect")


@pytest.mark.parametrize("fault", ["ok", *FAULTS])
def test_each_fault_is_told_for_what_it_may_have_done(fault):
    with MessageReceiver(lambda: fault, slow=0.6) as receiver:
        start = time.monotonic()
        answer = post(receiver.url, b"{}", 0.3)
        assert time.monotonic() - start < 0.6
        assert answer.is_taken is (fault in ("ok", "huge")) and bool(answer.why) is not answer.is_taken
        assert answer.may_be_taken is (fault not in CERTAINLY_NOT)
        assert "secret" not in answer.why and "\n" not in answer.why
        assert bool(receiver.taken) is (fault not in (*NOT_TAKEN, "late"))


@pytest.mark.parametrize(("told", "seconds"), [("3", 3.0), ("Thu, 26 Nov 2026 17:00:00 GMT", 0.0), ("9" * 99, 0.0)])
def test_a_receiver_may_ask_for_a_pause(told, seconds):
    with MessageReceiver(lambda: f"limited {told}") as receiver:
        answer = post(receiver.url, b"{}", 2)
    assert answer == Answer(False, False, "status 429 (later)", False, seconds)


def test_a_receiver_that_is_not_there_has_no_message():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    answer = post(f"http://127.0.0.1:{port}/secret-word", b"{}", 2)
    assert (answer.is_taken, answer.may_be_taken) == (False, False) and answer.why.startswith("no connection")


def test_headers_that_drip_take_no_longer_than_an_attempt_may():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip():
            with server.accept()[0] as connection:
                try:
                    for _ in range(100):
                        connection.sendall(b"HTTP/1.1 200 OK\r\nX: "[:1])
                        time.sleep(0.05)
                except OSError:
                    pass

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        start = time.monotonic()
        answer = post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", 0.3)
        assert time.monotonic() - start < 1 and answer == Answer(False, True, "no answer within 0.3 s")
        thread.join(6)


def test_a_host_without_a_name_is_no_connection():
    answer = post("http://no-such-host.invalid/secret-word", b"{}", 5)
    assert not answer.is_taken and not answer.may_be_taken and "secret" not in answer.why


def test_no_log_has_the_address(caplog):
    with caplog.at_level(logging.DEBUG), MessageReceiver() as receiver:
        assert post(receiver.url, b"{}", 2).is_taken
    assert "secret" not in caplog.text
    logging.getLogger("httpx").warning("another request")
    assert "another request" in caplog.text


def test_a_password_in_the_address_is_not_told():
    with MessageReceiver(lambda: "error") as receiver:
        address = receiver.url.replace("http://", "http://ann:hidden-word@")
        assert post(address, b"{}", 2) == Answer(False, True, "status 500 (no)")
