"""Requests to S3 about many files at once: deleting them, and uploads in parts that nobody finished."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from asd_core.store.files import FileInfo
from asd_core.store.s3_retries import code_of, is_passing, tried

_MOST_KEYS = 1000  # that one request may delete
_AT_ONCE = 8
_ONE_BY_ONE = ("NotImplemented", "MethodNotAllowed", "501", "405")  # of services without deletes of many keys


def delete_keys(filesystem: Any, keys: Sequence[str]) -> None:
    """Delete files, a thousand a request.

    Args:
        filesystem: of s3fs.
        keys: each with its bucket in front; one that is not there does no harm.

    Raises:
        OSError: one could not be deleted.
    """
    batches = [keys[start : start + _MOST_KEYS] for start in range(0, len(keys), _MOST_KEYS)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(lambda batch: tried(lambda _: _delete(filesystem, batch)), batches))


def _delete(filesystem: Any, keys: Sequence[str]) -> None:
    bucket = keys[0].partition("/")[0]
    named = [{"Key": key.partition("/")[2]} for key in keys]
    try:
        answer = filesystem.call_s3("delete_objects", Bucket=bucket, Delete={"Objects": named, "Quiet": True})
    except Exception as error:
        if is_passing(error) or code_of(error) not in _ONE_BY_ONE:
            raise
        for one in named:
            filesystem.call_s3("delete_object", Bucket=bucket, Key=one["Key"])
        return
    if failed := answer.get("Errors"):
        first = failed[0]
        if first.get("Code") in ("AccessDenied", "403"):
            raise PermissionError(f"{first.get('Key')} cannot be deleted: {first.get('Message')}")
        raise ConnectionError(f"{first.get('Key')} could not be deleted: {first.get('Code')}")


@dataclass(frozen=True)
class Upload:
    """An upload in parts that is not finished.

    Attributes:
        info: its key below the folder, the bytes that were uploaded so far, and when it began.
        key: without its bucket.
        upload_id: by which it is aborted.
    """

    info: FileInfo
    key: str
    upload_id: str


def unfinished_uploads(filesystem: Any, folder: str) -> Iterator[Upload]:
    """Uploads under a folder (with its bucket in front) that are under way, or whose writer was killed."""
    bucket, _, prefix = folder.partition("/")
    query = {"Bucket": bucket, "Prefix": prefix and f"{prefix}/"}
    while True:
        answer = tried(lambda _, query=query: filesystem.call_s3("list_multipart_uploads", **query))  # type: ignore[misc]
        for one in answer.get("Uploads", ()):
            key, upload_id = one["Key"], one["UploadId"]
            parts = _parts_of(filesystem, bucket, key, upload_id)
            size = sum(int(part["Size"]) for part in parts)
            path = key[len(query["Prefix"]) :]
            yield Upload(FileInfo(path, size, upload_id, one["Initiated"].timestamp()), key, upload_id)
        if not answer.get("IsTruncated"):
            return
        query |= {"KeyMarker": answer["NextKeyMarker"], "UploadIdMarker": answer["NextUploadIdMarker"]}


def abort_uploads(filesystem: Any, folder: str, seconds: float) -> None:
    """Abort the uploads under a folder that began so many seconds ago or before."""
    for upload in list(unfinished_uploads(filesystem, folder)):
        if time.time() - upload.info.modified > seconds:
            call = {"Bucket": folder.partition("/")[0], "Key": upload.key, "UploadId": upload.upload_id}
            tried(lambda _, call=call: filesystem.call_s3("abort_multipart_upload", **call))  # type: ignore[misc]


def _parts_of(filesystem: Any, bucket: str, key: str, upload_id: str) -> list[Any]:
    """The first thousand parts of an upload; none where it was finished meanwhile."""
    try:
        answer = tried(lambda _: filesystem.call_s3("list_parts", Bucket=bucket, Key=key, UploadId=upload_id))
    except FileNotFoundError:
        return []
    return list(answer.get("Parts", ()))
