"""A proxy before an S3 server that fails by a seed, as a network and a busy service do.

    with FaultyS3("http://127.0.0.1:5000", share=0.2, seed=1) as proxy:
        ...  # AWS_ENDPOINT_URL=proxy.url

The fault of a request depends on the seed, the request and how often it came before, so that other requests at the same
time do not change it. `FAULTS` are the kinds: ``500`` and ``503`` (SlowDown) come instead of an answer, ``reset`` ends
the connection before the server hears of the request, ``lost`` after it has done it, ``cut`` ends it in the middle of
the answer, ``slow`` comes late.
"""

import hashlib
import http.client
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import numpy as np

FAULTS = ("500", "503", "reset", "lost", "cut", "slow")
FAILURES = FAULTS[:-1]
_CODES = {"500": "InternalError", "503": "SlowDown"}
_OF_ONE_STEP = ("connection", "transfer-encoding", "keep-alive", "expect", "content-length", "date", "server")


class FaultyS3:
    """The proxy, while the block lasts.

    Args:
        target: address of the server.
        share: of the requests that fail, 0 to 1.
        seed: of the faults.
        kinds: of faults, some of FAULTS.
        slow_seconds: by which a slow answer comes late.

    Attributes:
        url: address of the proxy.
        faults: how many requests met with each kind of fault; "" counts the others.
    """

    def __init__(self, target, share, seed=0, kinds=FAULTS, slow_seconds=0.5):
        self.target, self.share, self.seed, self.kinds = urlsplit(target).netloc, share, seed, kinds
        self.slow_seconds, self.faults = slow_seconds, Counter()
        self._seen, self._lock = Counter(), threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def draw(self, *request):
        """The fault of a request; "" where it meets with none."""
        with self._lock:
            self._seen[request] += 1
            key = repr((self.seed, request, self._seen[request])).encode()
            rng = np.random.default_rng(list(hashlib.blake2b(key, digest_size=16).digest()))
            fault = str(rng.choice(self.kinds)) if rng.random() < self.share else ""
            self.faults[fault] += 1
        return fault

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Says nothing of clients that have gone."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _handle(self):
        proxy, body = self.server.proxy, self._body()
        fault = proxy.draw(self.command, self.path)
        if fault in _CODES:
            return self._answer(int(fault), {}, f"<Error><Code>{_CODES[fault]}</Code></Error>".encode())
        if fault == "reset":
            return self._end()
        if fault == "slow":
            time.sleep(proxy.slow_seconds)
        status, headers, answer = self._forwarded(proxy.target, body)
        if fault == "lost":
            return self._end()
        return self._answer(status, headers, answer, is_cut=fault == "cut")

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _handle

    def _body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _forwarded(self, target, body):
        connection = http.client.HTTPConnection(target, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_ONE_STEP}
        try:
            connection.request(self.command, self.path, body, headers | {"Content-Length": str(len(body))})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def _answer(self, status, headers, body, is_cut=False):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _OF_ONE_STEP:
                self.send_header(name, value)
        length = next((value for name, value in headers.items() if name.lower() == "content-length"), len(body))
        self.send_header("Content-Length", str(length if self.command == "HEAD" else len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if is_cut else body)
        if is_cut:
            self._end()

    def _end(self):
        self.wfile.flush()
        self.close_connection = True
        self.connection.close()

    def log_message(self, *_):
        """Says nothing."""
