"""A real HTTP server on this machine that takes messages, with faults on demand."""

import json
import random
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FAULTS = ("error", "refused", "reset", "slow", "late", "lost", "redirect", "huge", "garbage")
NOT_TAKEN = ("error", "refused", "reset", "slow", "redirect", "garbage")
"""Faults by which the receiver does not take the message; with the others it does."""


class Faults:
    """A share of the requests meets with one fault or another.

    Args:
        share: of the requests.
        seed: of which.
        kinds: of FAULTS.
    """

    def __init__(self, share, seed=0, kinds=FAULTS):
        self.share, self._kinds, self._rng, self._lock = share, kinds, random.Random(seed), threading.Lock()

    def __call__(self):
        with self._lock:
            return self._rng.choice(self._kinds) if self._rng.random() < self.share else "ok"


class MessageReceiver:
    """Takes messages while the block lasts.

    Args:
        faults: () → one of FAULTS, or ``ok``.
        slow: seconds that a slow answer takes.

    Attributes:
        taken: JSON values of the messages that it took, whether the sender knows it or not.
        requests: how many came.
    """

    def __init__(self, faults=lambda: "ok", slow=1.0):
        self.faults, self.slow = faults, slow
        self.stopped, self._lock = threading.Event(), threading.Lock()
        self.taken, self.requests = [], 0

    def take(self, body):
        with self._lock:
            self.taken.append(json.loads(body))

    def __enter__(self):
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/services/T0-secret-word"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Clients that go away are expected."""


def _handler(receiver):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body, fault = self.rfile.read(int(self.headers["Content-Length"])), receiver.faults()
            receiver.requests += 1
            self.close_connection = True
            if fault not in (*NOT_TAKEN, "late") and not fault.startswith("limited"):
                receiver.take(body)
            match fault:
                case "ok":
                    self._answer(200, b"ok")
                case "error":
                    self._answer(500, b"no")
                case "refused":
                    self._answer(400, f"no such path {self.path}".encode())
                case "reset" | "lost":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                case str() if fault.startswith("limited"):
                    self._answer(429, b"later", **{"Retry-After": fault.removeprefix("limited ")})
                case "slow":
                    receiver.stopped.wait(receiver.slow)
                case "late":
                    receiver.stopped.wait(receiver.slow)
                    receiver.take(body)
                case "redirect":
                    self._answer(302, b"", Location="http://127.0.0.1:1/")
                case "huge":
                    self._pour()
                case "garbage":
                    self.wfile.write(b"\x00\xff not HTTP\r\n\r\n")

        def _answer(self, status, body, **headers):
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def _pour(self):
            self.send_response(200)
            self.send_header("Content-Length", str(1 << 30))
            self.end_headers()
            piece = b" " * (1 << 16)
            while not receiver.stopped.is_set():
                self.wfile.write(piece)

        def log_message(self, *_):
            """Say nothing."""

    return Handler
