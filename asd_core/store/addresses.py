"""Addresses: opening and reading the files behind them, and writing them as people do."""

from __future__ import annotations

import json
import os
import urllib.parse
from collections.abc import Callable, Sequence

from asd_core.errors import UsageError
from asd_core.store.file_bytes import FileBytes
from asd_core.store.files import FileInfo, Files, accept_any, local_path
from asd_core.store.local_files import LocalFiles, look_at_local, open_local, read_local
from asd_core.store.s3_files import S3Files, look_at_s3, open_s3, read_s3


def open_files(url: str) -> Files:
    """Open a folder by its path, ``file://`` or ``s3://`` address; it need not exist yet.

    Raises:
        UsageError: another scheme, or a name that no folder can have.
    """
    match _scheme(url):
        case "":
            return LocalFiles(_possible(url, url))
        case "file":
            return LocalFiles(_possible(local_path(url), url))
        case "s3":
            return S3Files(url)
    raise _unknown_scheme(url)


def read_uri(uri: str, accept: Callable[[FileInfo], None] = accept_any) -> bytes:
    """The bytes behind an absolute address made by `Files.uri`.

    Args:
        uri: the address.
        accept: shown size and version of what is there, before its bytes are read and wherever they may have changed
            since; what it raises ends the reading.

    Raises:
        OSError: they cannot be read, or are no regular file: a FIFO would be waited for, a device need not end.
    """
    match _scheme(uri):
        case "file":
            return read_local(local_path(uri), accept)
        case "s3":
            return read_s3(uri, accept)
    raise _unknown_scheme(uri)


def open_uri(uri: str, accept: Callable[[FileInfo], None], in_memory: int) -> bytes | FileBytes:
    """As `read_uri`, but a file of more than ``in_memory`` bytes stays on disk.

    A local file is shown to ``accept`` when it is opened; whoever reads it looks again at its end (`look_at`).
    """
    match _scheme(uri):
        case "file":
            return open_local(local_path(uri), accept, in_memory)
        case "s3":
            return open_s3(uri, accept, in_memory)
    raise _unknown_scheme(uri)


def look_at(uris: Sequence[str]) -> list[FileInfo | None]:
    """Size and version of the files behind absolute addresses, in their order; None where one cannot be looked at."""
    remote = [uri for uri in uris if _scheme(uri) == "s3"]
    found = dict(zip(remote, look_at_s3(remote), strict=True))
    return [found[uri] if uri in found else look_at_local(uri) for uri in uris]


def canonical_uri(uri: str) -> str:
    """An absolute address as `Files.uri` writes it: percent-encoded, with no ``.`` or ``..`` in that of a file.

    In an S3 key these, and ``//``, are characters like any: another spelling names another recording.

    Raises:
        UsageError: another scheme than ``file`` and ``s3``.
    """
    scheme = _scheme(uri)
    if scheme not in ("file", "s3"):
        raise _unknown_scheme(uri)
    path = local_path(uri, scheme)
    if scheme == "file":
        path = os.path.normpath(path)
    return f"{scheme}://{urllib.parse.quote_from_bytes(os.fsencode(path))}"


def plain_path(uri: str) -> str:
    """An address of `Files.uri` as people write it: ``/a b.wav`` for ``file:///a%20b.wav``; ``s3://bucket/a b.wav``.

    Addresses of other schemes, and names that are no UTF-8, stay as they are.
    """
    scheme = _scheme(uri)
    try:
        path = urllib.parse.unquote(uri.removeprefix(f"{scheme}://"), errors="strict")
    except UnicodeDecodeError:
        return uri
    return {"file": path, "s3": f"s3://{path}"}.get(scheme, uri)


def path_as_listed(uri: str, extra: str = "{}") -> str:
    """The path of a recording as its manifest writes it, so that scores and manifest join on ``path``.

    Args:
        uri: of a row of CLIPS.
        extra: of the same row; a manifest's ``path`` column is kept there. Without one it is `plain_path`.
    """
    path = json.loads(extra).get("path") if '"path"' in extra else None
    return path if isinstance(path, str) and path else plain_path(uri)


def path_within(folder: Files, inner: Files) -> str | None:
    """Path of a folder inside another one's listing; None if it is not inside, or is the same folder."""
    scheme = _scheme(folder.url)
    if scheme != _scheme(inner.url):
        return None
    outer, path = (local_path(files.url, scheme) for files in (folder, inner))
    if scheme == "file":
        outer, path = os.path.realpath(outer), os.path.realpath(path)
    outer = outer.rstrip("/") + "/"
    return path.removeprefix(outer) if path.startswith(outer) and path != outer else None


def _possible(path: str, url: str) -> str:
    """The path of a folder that a file system may have."""
    try:
        is_possible = b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:  # half a character of UTF-16
        is_possible = False
    if not is_possible:
        raise UsageError(f"cannot open {url!r}: no folder has such a name")
    return path


def _scheme(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    return scheme if separator else ""


def _unknown_scheme(url: str) -> UsageError:
    return UsageError(f"cannot open {url}: write a folder, file:// or s3://")
