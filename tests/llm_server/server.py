"""The server: chat completions, and files and batches as far as they are used."""

import email
import json
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.llm_server.batches import Batches
from tests.llm_server.completions import completion
from tests.llm_server.faults import faultless
from tests.llm_server.hostile import answer_oddly


@dataclass(frozen=True)
class Arrival:
    """One chat completion asked for."""

    number: int
    at: float  # seconds since the epoch
    prompt: str
    messages: int
    fault: str
    answered: float | None = None  # when the whole of an answer with a text had been sent


class LlmServer:
    """Serves while the block lasts.

    Args:
        faults: (number of the request, its prompt) → one of FAULTS, a name of `tests.llm_server.hostile`, a status such
            as ``status-401``, or ``ok``.
        seconds: that an answer takes.
        retry_after: in seconds, as told with ``limited-told``.
        has_batches: whether it has /files and /batches.
        missing: the status of what it has not.
        answer: prompt → text.
        way: seconds that a request is on its way to it, each time anew.
    """

    def __init__(
        self, faults=faultless, seconds=0.01, retry_after=0.5, has_batches=True, missing=404, answer=None, way=None
    ):
        self.faults, self.seconds, self.retry_after, self.missing = faults, seconds, retry_after, missing
        self.answer = answer or (lambda prompt: f"This sound is {prompt.split()[-1]}.")
        self.way = way or (lambda: 0.0)
        self.batches = Batches(self) if has_batches else None
        self.stopped = threading.Event()
        self.elsewhere = ""  # where it redirects to
        self.poured = 0  # bytes of endless answers
        self.keys = set()
        self.bodies = []
        self._log, self._lock = [], threading.Lock()

    @property
    def log(self):
        """The arrivals so far, in their order."""
        with self._lock:
            return list(self._log)

    @property
    def answered(self):
        """Prompt → how often an answer to it was sent."""
        counts = {}
        for arrival in self.log:
            if arrival.answered is not None:
                counts[arrival.prompt] = counts.get(arrival.prompt, 0) + 1
        return counts

    def arrive(self, body):
        prompt = body["messages"][0]["content"]
        with self._lock:
            number = len(self._log)
            fault = self.faults(number, prompt)
            self._log.append(Arrival(number, time.time(), prompt, len(body["messages"]), fault))
            self.bodies.append(body)
        return number, prompt, fault

    def sent(self, number):
        with self._lock:
            self._log[number] = replace(self._log[number], answered=time.time())

    def start(self):
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Clients that go away are expected."""


def _handler(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        llm = server

        def do_POST(self):
            server.keys.add(self.headers.get("Authorization", ""))
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.path == "/v1/chat/completions":
                self._complete(json.loads(body))
            elif server.batches and self.path == "/v1/files":
                self._send(200, server.batches.upload(_file_in(self.headers["Content-Type"], body)))
            elif server.batches and self.path == "/v1/batches":
                created = server.batches.create(json.loads(body))
                self._send(200, created) if created else self._drop()
            else:
                self._send(server.missing, {"error": {"message": "no such path"}})

        def do_GET(self):
            server.keys.add(self.headers.get("Authorization", ""))
            path = self.path.partition("?")[0]
            if server.batches and path == "/v1/batches":
                self._send(200, server.batches.list(self.path))
            elif server.batches and path.startswith("/v1/batches/"):
                found = server.batches.retrieve(path.rsplit("/", 1)[-1])
                self._send(200, found) if found else self._send(404, {"error": {"message": "no such batch"}})
            elif server.batches and path.startswith("/v1/files/") and path.endswith("/content"):
                self._send(200, server.batches.content(path.split("/")[-2]), "application/octet-stream")
            else:
                self._send(server.missing, {"error": {"message": "no such path"}})

        def _complete(self, body):
            server.stopped.wait(server.way())
            number, prompt, fault = server.arrive(body)
            if fault.startswith("status-"):
                status = int(fault.split("-")[1])
                return self._send(status, {"error": {"message": f"no, for {self.headers.get('Authorization')}"}})
            if answer_oddly(self, fault):
                return None
            match fault:
                case "hang":
                    server.stopped.wait(60)
                    return self._drop()
                case "limited":
                    return self._send(429, {"error": {"message": "too many requests"}})
                case "limited-told":
                    told = {"Retry-After": f"{server.retry_after:g}"}
                    return self._send(429, {"error": {"message": "too many requests"}}, headers=told)
                case "error":
                    return self._send(500, {"error": {"message": "it broke"}})
                case "not-json":
                    return self._send(200, b"<html>Bad gateway</html>")
            server.stopped.wait(server.seconds)
            if fault == "drop":
                return self._drop(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{")
            text = {"empty": "", "over-long": server.answer(prompt) + " and on" * 60}.get(fault, server.answer(prompt))
            if body["messages"][1:]:
                text = server.answer(prompt)  # asked again, it does better
            self._send(200, completion(text))
            if text:
                server.sent(number)

        def _send(self, status, value, kind="application/json", headers=None):
            data = value if isinstance(value, bytes) else json.dumps(value).encode()
            kind = "text/html" if data.startswith(b"<!doctype html>") else kind
            self.send_response(status)
            for name, content in {"Content-Type": kind, "Content-Length": str(len(data)), **(headers or {})}.items():
                self.send_header(name, content)
            self.end_headers()
            self.wfile.write(data)

        def _drop(self, sent=b""):
            self.wfile.write(sent)
            self.close_connection = True

        def log_message(self, *_):
            """Silence."""

    return Handler


def _file_in(content_type, body):
    form = email.message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    parts = {part.get_param("name", header="content-disposition"): part for part in form.get_payload()}
    return parts["file"].get_payload(decode=True)
