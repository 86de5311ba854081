import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from asd_core.errors import AsdError, UsageError
from asd_core.store.addresses import look_at, open_files, read_uri
from asd_core.store.s3_files import S3Files


def test_what_is_written_is_read_listed_and_found(bucket):
    files = open_files(f"{bucket}/deep/store")
    files.write("a/b.txt", b"one")
    files.write("a/b.txt", b"two")
    assert files.read("a/b.txt") == b"two"
    assert [(info.path, info.size) for info in files.list()] == [("a/b.txt", 3)]
    assert files.exists("a/b.txt") and not files.exists("a") and not files.exists("c")


def test_a_folder_lists_only_what_is_under_it(bucket):
    files = open_files(bucket)
    for path in ("ab/1", "abc/2", "ab/d/3"):
        files.write(path, b"")
    assert [info.path for info in files.list("ab")] == ["ab/1", "ab/d/3"]
    assert files.list("nothing") == []
    assert [info.path for info in open_files(f"{bucket}/ab").list()] == ["1", "d/3"]


def test_a_closed_folder_is_one_entry(bucket):
    files = open_files(bucket)
    for path in ("a/1", "a/bin/2", "a/bin/deep/3", "bins/4"):
        files.write(path, b"x")
    assert [info.path for info in files.list(closed="bin".__eq__)] == ["a/1", "a/bin/", "bins/4"]


def test_of_many_writers_of_a_new_file_exactly_one_wins(bucket):
    won = []
    gate = threading.Barrier(8)

    def write(number):
        gate.wait()
        if S3Files(bucket).write_new("x", bytes([number])):
            won.append(number)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(won) == 1 and S3Files(bucket).read("x") == bytes(won)


def test_a_changed_file_has_another_version_and_is_never_read_from_a_cache(bucket):
    files = open_files(bucket)
    files.write("x", b"1")
    (before,) = files.list()
    open_files(bucket).write("x", b"22")
    (after,) = files.list()
    assert before.version != after.version and files.read("x") == b"22"


@pytest.mark.parametrize("name", ["a b%20c.wav", 'quote".wav', "<script>.wav", "ü.wav", "a+b&c=d?e#f.wav"])
def test_any_key_can_be_read_back_by_its_uri(bucket, name):
    files = open_files(bucket)
    files.write(name, name.encode())
    uri = files.uri(name)
    assert uri.isascii() and not set(uri) & set(' "<>')
    assert read_uri(uri) == name.encode()
    assert look_at([uri, files.uri("none")])[0].size == len(name.encode())
    assert look_at([files.uri("none")]) == [None]


def test_a_deleted_file_is_gone_and_deleting_it_again_is_nothing(bucket):
    files = open_files(bucket)
    files.write("x", b"")
    files.delete("x")
    files.delete("x")
    assert files.list() == []


def test_a_missing_file_is_said_as_such(bucket):
    with pytest.raises(FileNotFoundError):
        open_files(bucket).read("none")


def test_a_missing_bucket_is_one_line(s3_server):
    for ask in (
        lambda files: files.list(),
        lambda files: files.write("x", b""),
        lambda files: files.write_new("x", b""),
    ):
        with pytest.raises(AsdError, match="s3://no-such-bucket/x: there is no such bucket"):
            ask(open_files("s3://no-such-bucket/x"))


def test_credentials_that_come_later_are_found_in_the_same_process(bucket):
    script = f"""
import os
from asd_core.errors import AsdError
from asd_core.store.addresses import open_files
keys = {{name: os.environ.pop(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}}
try:
    open_files({bucket!r}).list()
except AsdError as error:
    print(error)
os.environ.update(keys)
print(open_files({bucket!r}).list())
"""
    alone = os.environ | {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/dev/null"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=alone, timeout=60)
    refused, found = done.stdout.splitlines()
    assert refused.endswith("Unable to locate credentials; check endpoint and credentials in the environment")
    assert found == "[]", done.stderr


def test_an_address_without_a_bucket_is_refused():
    with pytest.raises(UsageError, match="names no bucket"):
        open_files("s3://x")


class BreaksOff(BaseHTTPRequestHandler):
    """An S3 API whose first two answers end in the middle: that of a file, and one that refuses."""

    answers = 0

    def do_GET(self):  # noqa: N802
        type(self).answers += 1
        self.send_response(404 if self.answers == 2 else 200)
        self.send_header("ETag", '"1"')
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"abc" if self.answers < 3 else b"abcdef")
        self.close_connection = True

    def log_message(self, *args):
        pass


def test_a_file_whose_body_breaks_off_is_asked_for_again():
    with ThreadingHTTPServer(("127.0.0.1", 0), BreaksOff) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        program = "from asd_core.store.s3_files import read_s3; print(read_s3('s3://fleet/clip.wav').decode())"
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
        environment = {**os.environ, **keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}"}
        said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
        server.shutdown()
    assert (said.stdout.strip(), BreaksOff.answers) == ("abcdef", 3), said.stderr


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("index.html", "text/html; charset=utf-8"),
        ("media/a.png", "image/png"),
        ("media/a.flac", "audio/flac"),
        ("record.json", "application/json"),
        ("chart.SVG", "image/svg+xml"),
        ("rows.parquet", "application/vnd.apache.parquet"),
        ("no-ending", "application/octet-stream"),
    ],
)
@pytest.mark.parametrize("way", ["write", "write_new"])
def test_a_browser_is_told_what_a_file_is(s3_server, bucket, name, kind, way):
    files = open_files(f"{bucket}/store")
    getattr(files, way)(name, b"data")
    head = s3_server.head_object(Bucket=bucket.removeprefix("s3://"), Key=f"store/{name}")
    assert head["ContentType"] == kind


def test_the_address_for_people_is_the_key_as_it_is(s3_server, bucket):
    files = open_files(f"{bucket}/store")
    files.write("date=2026-11-19/index.html", b"page")
    shown_bucket, _, key = files.address("date=2026-11-19/index.html").removeprefix("s3://").partition("/")
    assert s3_server.get_object(Bucket=shown_bucket, Key=key)["Body"].read() == b"page"
