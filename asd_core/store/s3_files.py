"""A folder of an S3 bucket, behind the seam of `asd_core.store.files`.

Endpoint, region and credentials come from the environment as for any AWS client: AWS_ENDPOINT_URL, AWS_REGION,
AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, a profile or an instance's role. They are never options and never logged.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

from asd_core.errors import AsdError, UsageError
from asd_core.store.content_types import content_type
from asd_core.store.file_bytes import FileBytes
from asd_core.store.files import FileInfo, accept_any, none_closed, with_closed
from asd_core.store.s3_bulk import abort_uploads, delete_keys, unfinished_uploads
from asd_core.store.s3_retries import AnswerCutShort, code_of, is_passing, tried

_SCHEME = "s3://"
_AT_ONCE = 32  # requests
_DAY = 86_400
_PIECE = 1 << 20  # bytes that are held of a file on its way into a temporary one
_TAKEN = ("PreconditionFailed", "412")  # codes where a file is there already
_RETRIES = {"total_max_attempts": 1, "mode": "standard"}  # `tried` makes them
_MAKING = threading.Lock()


class S3Files:
    """A folder of a bucket; a file appears whole or not at all, because it is one PUT (or one finished upload)."""

    def __init__(self, url: str) -> None:
        bucket, _, prefix = urllib.parse.unquote(url.removeprefix(_SCHEME)).partition("/")
        if len(bucket) < 3:
            raise UsageError(f"{url} names no bucket: write s3://bucket/folder")
        self._bucket = bucket
        self._prefix = prefix.strip("/")
        self.url = self.uri("").rstrip("/")

    def list(self, prefix: str = "", closed: Callable[[str], bool] = none_closed) -> list[FileInfo]:
        """See `asd_core.store.files.Files.list`; never from a cache."""
        bucket, _, top = self._key(prefix).partition("/")
        query = {"Bucket": bucket, "Prefix": top and top + "/"}
        found: list[Mapping[str, Any]] = []
        with _said(self.url):
            while True:
                answer = tried(lambda _: _filesystem().call_s3("list_objects_v2", **query))
                found += answer.get("Contents", ())
                if not answer.get("IsTruncated"):
                    break
                query["ContinuationToken"] = answer["NextContinuationToken"]
        start = len(self._prefix) + 1 if self._prefix else 0
        infos = [_info(each["Key"][start:], each) for each in found if not each["Key"].endswith("/")]
        return sorted(with_closed(infos, closed), key=lambda info: info.path)

    def read(self, path: str) -> bytes:
        """See `asd_core.store.files.Files.read`."""
        return _read(self._key(path))

    def write(self, path: str, data: bytes) -> None:
        """See `asd_core.store.files.Files.write`."""
        with _said(self.url):
            tried(lambda _: _filesystem().pipe_file(self._key(path), data, ContentType=content_type(path)))

    def write_new(self, path: str, data: bytes) -> bool:
        """See `asd_core.store.files.Files.write_new`: a PUT on condition that there is no such key.

        A try whose answer was lost may have written it, so that the next one finds the key taken by these very bytes.
        """

        def put(earlier: int) -> bool:
            try:
                _filesystem().pipe_file(self._key(path), data, mode="create", ContentType=content_type(path))
            except OSError as error:
                if isinstance(error, FileExistsError) or code_of(error) in _TAKEN:
                    return earlier > 0 and _read(self._key(path)) == data
                raise
            return True

        with _said(self.url):
            return tried(put)

    def exists(self, path: str) -> bool:
        """See `asd_core.store.files.Files.exists`."""
        with _said(self.url):
            return _head(self._key(path)) is not None

    def delete(self, path: str) -> None:
        """See `asd_core.store.files.Files.delete`."""
        with _said(self.url), contextlib.suppress(FileNotFoundError):
            tried(lambda _: _filesystem().rm_file(self._key(path)))

    def delete_all(self, paths: Sequence[str]) -> None:
        """See `asd_core.store.files.Files.delete_all`."""
        with _said(self.url):
            delete_keys(_filesystem(), [self._key(path) for path in paths])

    def leftovers(self) -> Sequence[FileInfo]:
        """See `asd_core.store.files.Files.leftovers`: uploads in parts; none where they may not be listed."""
        with contextlib.suppress(AsdError), _said(self.url):
            return [upload.info for upload in unfinished_uploads(_filesystem(), self._key(""))]
        return []

    def remove_leftovers(self, seconds: float) -> None:
        """See `asd_core.store.files.Files.remove_leftovers`."""
        if seconds >= _DAY:  # they are few, and looked for by whoever tidies up: each lock would ask for them otherwise
            with contextlib.suppress(AsdError), _said(self.url):
                abort_uploads(_filesystem(), self._key(""), seconds)

    def uri(self, path: str) -> str:
        """See `asd_core.store.files.Files.uri`."""
        return _SCHEME + urllib.parse.quote(self._key(path), errors="surrogateescape")

    def address(self, path: str) -> str:
        """See `asd_core.store.files.Files.address`: the key as it is, which the AWS command line takes."""
        return _SCHEME + self._key(path)

    def _key(self, path: str) -> str:
        return "/".join(part for part in (self._bucket, self._prefix, path) if part)


def read_s3(uri: str, accept: Callable[[FileInfo], None] = accept_any) -> bytes:
    """See `asd_core.store.addresses.read_uri`."""
    return _read(urllib.parse.unquote(uri.removeprefix(_SCHEME)), accept)


def open_s3(uri: str, accept: Callable[[FileInfo], None], in_memory: int) -> bytes | FileBytes:
    """See `asd_core.store.addresses.open_uri`; larger files are put into a temporary file that has no name."""
    found: bytes | FileBytes = _read_or_spool(urllib.parse.unquote(uri.removeprefix(_SCHEME)), accept, in_memory)
    return found


def _read(key: str, accept: Callable[[FileInfo], None] = accept_any) -> bytes:
    return bytes(_read_or_spool(key, accept, sys.maxsize))


def _read_or_spool(key: str, accept: Callable[[FileInfo], None], in_memory: int) -> Any:
    """One GET, whose headers are looked at before its body is taken: what is accepted is what is read."""
    from fsspec.asyn import sync

    filesystem, (bucket, _, path) = _filesystem(), key.partition("/")

    def get(earlier: int) -> Any:
        answer = filesystem.call_s3("get_object", Bucket=bucket, Key=path)
        with contextlib.closing(answer["Body"]) as body:
            size = int(answer["ContentLength"])
            accept(FileInfo(key, size, answer["ETag"].strip('"')))
            try:
                if size <= in_memory:
                    return sync(filesystem.loop, body.read)
                with tempfile.TemporaryFile() as file:
                    while piece := sync(filesystem.loop, body.read, _PIECE):
                        file.write(piece)
                    file.flush()
                    return FileBytes(os.dup(file.fileno()), size)
            except Exception as error:
                raise AnswerCutShort(_first_line(error)) from error

    try:
        return tried(get)
    except Exception as error:
        if _is_of_clients(error):  # an endpoint that does not answer, credentials that are missing
            raise OSError(_first_line(error)) from error
        raise


def look_at_s3(uris: Sequence[str]) -> list[FileInfo | None]:
    """Size and version of the files behind ``s3://`` addresses, many at once; None where one cannot be looked at."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(pool.map(_look, uris))


def _look(uri: str) -> FileInfo | None:
    try:
        return _head(urllib.parse.unquote(uri.removeprefix(_SCHEME)))
    except Exception as error:
        if isinstance(error, OSError) or _is_of_clients(error):
            return None
        raise


def _head(key: str) -> FileInfo | None:
    """Size and version of a file; None where there is none. What cannot be told is raised, never taken for none."""
    bucket, _, path = key.partition("/")
    try:
        answer = tried(lambda _: _filesystem().call_s3("head_object", Bucket=bucket, Key=path))
    except FileNotFoundError:
        return None
    return FileInfo(key, int(answer["ContentLength"]), answer["ETag"].strip('"'))


def _info(key: str, details: Mapping[str, Any]) -> FileInfo:
    return FileInfo(key, int(details["Size"]), details["ETag"].strip('"'), details["LastModified"].timestamp())


def _filesystem() -> Any:
    """One a process: its connections are shared by threads; listings and file sizes are never cached."""
    with _MAKING:  # threads that come first at once would make one each
        return _new_filesystem()


@lru_cache(maxsize=1)
def _new_filesystem() -> Any:
    import s3fs

    filesystem = s3fs.S3FileSystem(
        use_listings_cache=False,
        skip_instance_cache=True,
        config_kwargs={"retries": _RETRIES, "max_pool_connections": 2 * _AT_ONCE},
        default_cache_type="none",
    )
    filesystem.retries = 1
    return filesystem


@contextlib.contextmanager
def _said(url: str) -> Iterator[None]:
    """A failure of the place itself, as one line for people."""
    try:
        yield
    except FileNotFoundError as error:
        raise AsdError(f"{url}: there is no such bucket; make it, or name another") from error
    except PermissionError as error:
        raise AsdError(
            f"{url}: access denied ({_first_line(error)}); check the credentials in the environment"
        ) from error
    except Exception as error:
        if not isinstance(error, OSError) and not _is_of_clients(error):
            raise
        if type(error).__name__ == "NoCredentialsError":
            _new_filesystem.cache_clear()  # a client never looks for them again
        again = "it does not answer: run the same command again, which goes on from here"
        cure = again if is_passing(error) else "check endpoint and credentials in the environment"
        raise AsdError(f"{url}: {_first_line(error)}; {cure}") from error


def _is_of_clients(error: Exception) -> bool:
    return type(error).__module__.partition(".")[0] in ("botocore", "aiobotocore", "aiohttp")


def _first_line(error: BaseException) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return line.replace(" (reached max retries: 0)", "").rstrip(".")
