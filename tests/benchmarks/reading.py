"""(i) Reading clips from S3 while others are decoded, against one after the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from asd_core.clips.clip import Placement, clips_table
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError
from asd_core.pipeline.decoding import decode_shard
from asd_core.pipeline.threads import one_thread
from tests.benchmarks.figures import Figure
from tests.benchmarks.recordings import write_archive

DELAY = 0.03  # seconds until a request is answered
NOTE = (
    "i: ten-second clips behind the S3 API of a server of our own, which answers each request after 30 ms; one worker, "
    "one BLAS thread. The reference asks for a clip when it is its turn."
)
SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

class Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        time.sleep(float(sys.argv[2]))
        data = (Path(sys.argv[1]) / unquote(self.path.split("?")[0]).partition("/fleet/")[2]).read_bytes()
        self.send_response(200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
print(server.server_port, flush=True)
server.serve_forever()
"""


def ahead_against_in_turn(folder: Path, clips: int, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Clips a second in either way, and their ratio."""
    write_archive(folder / "s3", clips, 10.0)
    command = [sys.executable, "-c", SERVER, str(folder / "s3"), str(DELAY)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = server.stdout.readline().strip() if server.stdout else ""
            os.environ |= {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
            os.environ |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
            listed = _listed(folder / "s3")
            seconds: dict[str, list[float]] = {"ahead": [], "in turn": []}
            _decode(listed.slice(0, 4), 4)  # what the first call costs
            for repeat in range(repeats):
                for name in ("ahead", "in turn")[:: -1 if repeat % 2 else 1]:
                    start = time.perf_counter()
                    _decode(listed, len(listed) if name == "ahead" else 1)
                    seconds[name].append(time.perf_counter() - start)
                say(f"repeat {repeat + 1} of {repeats}: {seconds['ahead'][-1]:.1f} s, {seconds['in turn'][-1]:.1f} s")
        finally:
            server.terminate()
    rates = {name: tuple(clips / taken for taken in times) for name, times in seconds.items()}
    name = "i reading from S3"
    return [
        Figure(name, "read ahead ÷ in turn", tuple(a / b for a, b in zip(*rates.values(), strict=True)), at_least=2.0),
        *(Figure(name, way, values, "clips/s") for way, values in rates.items()),
    ]


def _listed(folder: Path) -> pa.Table:
    files = sorted(folder.rglob("*.wav"))
    uris = [f"s3://fleet/{file.relative_to(folder).as_posix()}" for file in files]
    places = [Placement("fan", "00", "", "", "", "")] * len(files)
    return clips_table(uris, [file.stat().st_size for file in files], ["1"] * len(files), places)


def _decode(clips: pa.Table, together: int) -> None:
    config = EncoderConfig()
    with one_thread():
        for first in range(0, len(clips), together):
            for decoded in decode_shard(clips.slice(first, together), config, 16_000):
                if decoded.error is not None:
                    raise AsdError(f"a clip could not be read: {decoded.error}")
