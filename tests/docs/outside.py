"""What a newcomer has outside of the project, on this machine: a bucket and a browser."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BUCKET = "plant"


@contextlib.contextmanager
def bucket() -> Iterator[dict[str, str]]:
    """A server of S3 with an empty bucket that everybody may read; gives the variables that name it."""
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
    given["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    readable = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    client = client_of(given)
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [readable]}))
    try:
        yield given
    finally:
        server.stop()


def client_of(variables: dict[str, str]) -> Any:
    """A client of the bucket's server."""
    import boto3

    return boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        region_name=variables["AWS_REGION"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
    )


def upload(recordings: Path, variables: dict[str, str]) -> int:
    """Put recordings into the bucket, as `aws s3 sync` does; gives their number."""
    client = client_of(variables)
    paths = [path for path in sorted(recordings.rglob("*")) if path.is_file()]
    for path in paths:
        client.upload_file(str(path), BUCKET, f"recordings/{path.relative_to(recordings)}")
    return len(paths)


def read_page(address: str) -> str:
    """Open a page in a browser, play nothing, and give its first sentence.

    Raises:
        AssertionError: the browser complains, or a picture in sight does not come.
    """
    from playwright.sync_api import sync_playwright

    complaints: list[str] = []
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        page.wait_for_function("[...document.images].every(one => one.loading == 'lazy' || one.naturalWidth)")
        sentence = page.inner_text("p.lead")
        browser.close()
    assert not complaints, complaints
    return " ".join(sentence.split())
