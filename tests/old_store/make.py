"""Makes ``store-0.1.zip``: an archive and a store as `asd` 0.1 wrote them, before its modules were moved.

In a checkout of the tree whose store is to be kept, with the libraries of its tests:

    PYTHONPATH=<checkout> python <this folder>/make.py store-0.1.zip

A store is kept once. It is made again only under another name, for a tree whose stores are another thing to go on from.
"""

import io
import json
import logging
import os
import sys
import tempfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import commands
import numpy as np
import soundfile
from moto.server import ThreadedMotoServer

from jobs.main import main


def recording(seed, level=0.1):
    """Half a second of noise at 4 kHz in 8 bits: 2 KB."""
    data = io.BytesIO()
    samples = np.random.default_rng(seed).normal(0, level, 2000).clip(-1, 1)
    soundfile.write(data, samples, 4000, format="WAV", subtype="PCM_U8")
    return data.getvalue()


def recordings():
    """Path → bytes: two fans of four nights, one clip of the third louder and one empty, and a labelled pump."""
    found = {}
    for machine in range(2):
        for night, date in enumerate(commands.NIGHTS):
            for number in range(3):
                loud = 0.3 if (night, number) == (2, 1) else 0.1
                path = f"fleet/machine_type=fan/machine_id=0{machine}/date={date}/{number:02d}.wav"
                found[path] = recording([machine, night, number], loud)
    found[f"fleet/machine_type=fan/machine_id=00/date={commands.NIGHTS[2]}/empty.wav"] = b""
    for number in range(6):
        found[f"dev_data/pump/train/normal_id_00_{number:08d}.wav"] = recording([7, number])
    for number in range(3):
        found[f"dev_data/pump/test/normal_id_00_{number:08d}.wav"] = recording([8, number])
        found[f"dev_data/pump/test/anomaly_id_00_{number:08d}.wav"] = recording([9, number], 0.2)
    return found


class Answers(BaseHTTPRequestHandler):
    """A language model of one sentence."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "It is louder than the normal sounds by far."}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
        body = {"id": "1", "object": "chat.completion", "created": 0, "model": "small", "choices": [choice]}
        data = json.dumps({**body, "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Says nothing."""


def features(folder):
    """Features of a machine, made elsewhere."""
    rng = np.random.default_rng(0)
    arrays = {
        name: rng.gamma(5.0, size=(count, 4)).astype(np.float32) for name, count in (("X_train", 12), ("X_test", 4))
    }
    np.savez(Path(folder) / "valve_id_00.npz", **arrays, y_test=np.array([0, 0, 1, 1]))


def asd(*words):
    """Gives one command, which must succeed."""
    sys.argv = ["asd", *words]
    try:
        main()
    except SystemExit as exited:
        assert not exited.code, words


def fill(s3):
    """An archive, and all that the commands write."""
    for bucket in (commands.ARCHIVE, commands.STORE):
        s3.create_bucket(Bucket=bucket)
    for path, data in recordings().items():
        s3.put_object(Bucket=commands.ARCHIVE, Key=path, Body=data)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "space.toml").write_text(commands.SPACE)
        features(folder)
        asd(*commands.fit())
        for date in commands.NIGHTS[2:]:
            asd(*commands.nightly(date))
        asd(*commands.caption(commands.NIGHTS[2]))
        asd(*commands.import_embeddings(folder))
        asd(*commands.fit_imported())
        asd(*commands.tune(f"{folder}/space.toml"))


def keep(s3, path):
    """Writes both buckets into one file: <bucket>/<key>."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for bucket in (commands.ARCHIVE, commands.STORE):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for entry in page.get("Contents", []):
                    data = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                    archive.writestr(zipfile.ZipInfo(f"{bucket}/{entry['Key']}"), data, zipfile.ZIP_DEFLATED)


if __name__ == "__main__":
    (target,) = sys.argv[1:]
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    given = {"AWS_ENDPOINT_URL": url, "AWS_DEFAULT_REGION": "us-east-1", "OPENAI_API_KEY": "any"}
    os.environ.update(given | {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"})
    llm = ThreadingHTTPServer(("127.0.0.1", urlsplit(commands.LLM[3]).port), Answers)
    threading.Thread(target=llm.serve_forever, daemon=True).start()
    fill(boto3.client("s3"))
    keep(boto3.client("s3"), target)
    llm.shutdown()
    server.stop()
