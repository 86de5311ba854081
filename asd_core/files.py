"""The one seam to where files live: an archive's or a store's folder.

Everything that reads an archive or writes a store goes through `Files`, so that another kind of place is one
more class here and nothing elsewhere. Paths are relative to the folder, with ``/`` between their parts.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from asd_core.errors import AsdError, UsageError

MISSING = "missing"
"""The version of a file that is listed and cannot be looked at: reading it tells why."""


@dataclass(frozen=True)
class FileInfo:
    """One file of a listing.

    Attributes:
        path: relative to the folder; bytes that are no UTF-8 are kept as surrogates.
        size: in bytes.
        version: changes whenever the bytes do (an etag, or the modification time in nanoseconds).
    """

    path: str
    size: int
    version: str


class Files(Protocol):
    """A folder of files somewhere."""

    url: str

    def list(self, prefix: str = "") -> list[FileInfo]:
        """Every file under the folder ``prefix``, recursively, sorted by path; empty where there is none."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError or another OSError."""
        ...

    def write(self, path: str, data: bytes) -> None:
        """Write a file as a whole: readers see the old bytes or the new ones, never a part."""
        ...

    def write_new(self, path: str, data: bytes) -> bool:
        """Write a file as a whole unless it exists; return whether it was written. The first writer wins."""
        ...

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file; nothing happens where there is none."""
        ...

    def uri(self, path: str) -> str:
        """The percent-encoded absolute address of a file, which `read_uri` takes."""
        ...

    def address(self, path: str) -> str:
        """How to name a file to a person: what a shell or a browser takes."""
        ...


class LocalFiles:
    """A folder on this machine's file system (or one mounted on every node)."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))
        self._prefix = "file://" + urllib.parse.quote_from_bytes(os.fsencode(str(self.root)))
        self.url = self._prefix

    def list(self, prefix: str = "") -> list[FileInfo]:
        """See `Files.list`. Temporary files of a write under way are not listed; links to folders are followed."""
        found: list[FileInfo] = []
        for full in _walk(str(self.root / prefix if prefix else self.root)):
            path = os.path.relpath(full, self.root).replace(os.sep, "/")
            try:
                found.append(_info(path, os.stat(full)))
            except FileNotFoundError:
                if os.path.islink(full):  # to nowhere; any other file vanished between the listing and the look
                    found.append(FileInfo(path, 0, MISSING))
            except OSError:
                found.append(FileInfo(path, 0, MISSING))
        return sorted(found, key=lambda info: info.path)

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        return (self.root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """See `Files.write`: a temporary file in the same folder, renamed."""
        with _said(self.root / path):
            temporary = self._write_temporary(path, data)
            os.replace(temporary, self.root / path)

    def write_new(self, path: str, data: bytes) -> bool:
        """See `Files.write_new`: a hard link to the whole temporary file, which fails where the name is taken."""
        if self.exists(path):
            return False
        with _said(self.root / path):
            temporary = self._write_temporary(path, data)
            try:
                os.link(temporary, self.root / path)
            except FileExistsError:
                return False
            finally:
                os.unlink(temporary)
        return True

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return (self.root / path).is_file()

    def delete(self, path: str) -> None:
        """See `Files.delete`."""
        (self.root / path).unlink(missing_ok=True)

    def uri(self, path: str) -> str:
        """See `Files.uri`."""
        return f"{self._prefix}/{urllib.parse.quote_from_bytes(os.fsencode(path))}" if path else self._prefix

    def address(self, path: str) -> str:
        """See `Files.address`."""
        return str(self.root / path)

    def _write_temporary(self, path: str, data: bytes) -> Path:
        target = self.root / path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise AsdError(
                f"cannot make the folder {target.parent}: a file is in the way; name another folder"
            ) from error
        temporary = target.parent / f"{_TEMPORARY}{secrets.token_hex(8)}"
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return temporary


_TEMPORARY = ".asd-part-"


def open_files(url: str) -> Files:
    """Open a folder by its path, ``file://`` or ``s3://`` address; it need not exist yet.

    Raises:
        UsageError: another scheme.
    """
    match _scheme(url):
        case "":
            return LocalFiles(url)
        case "file":
            return LocalFiles(_local_path(url))
        case "s3":
            from asd_core.s3_files import S3Files

            return S3Files(url)
    raise _unknown_scheme(url)


def accept_any(info: FileInfo) -> None:
    """Read whatever is there."""


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
            return _read(_local_path(uri), accept)
        case "s3":
            from asd_core.s3_files import read_s3

            return read_s3(uri, accept)
    raise _unknown_scheme(uri)


def look_at(uris: Sequence[str]) -> list[FileInfo | None]:
    """Size and version of the files behind absolute addresses, in their order; None where one cannot be looked at."""
    remote = [uri for uri in uris if _scheme(uri) == "s3"]
    found: dict[str, FileInfo | None] = {}
    if remote:
        from asd_core.s3_files import look_at_s3

        found = dict(zip(remote, look_at_s3(remote), strict=True))
    return [found[uri] if uri in found else _look(uri) for uri in uris]


def canonical_uri(uri: str) -> str:
    """An absolute address as `Files.uri` writes it: percent-encoded, with no ``.`` or ``..`` in that of a file.

    In an S3 key these, and ``//``, are characters like any: another spelling names another recording.

    Raises:
        UsageError: another scheme than ``file`` and ``s3``.
    """
    scheme = _scheme(uri)
    if scheme not in ("file", "s3"):
        raise _unknown_scheme(uri)
    path = _local_path(uri, scheme)
    if scheme == "file":
        path = os.path.normpath(path)
    return f"{scheme}://{urllib.parse.quote_from_bytes(os.fsencode(path))}"


def path_within(folder: Files, inner: Files) -> str | None:
    """Where in a folder's listing another folder lies; None where it is not inside, or is the same one."""
    scheme = _scheme(folder.url)
    if scheme != _scheme(inner.url):
        return None
    outer, path = (_local_path(files.url, scheme) for files in (folder, inner))
    if scheme == "file":
        outer, path = os.path.realpath(outer), os.path.realpath(path)
    outer = outer.rstrip("/") + "/"
    return path.removeprefix(outer) if path.startswith(outer) and path != outer else None


def _look(uri: str) -> FileInfo | None:
    path = _local_path(uri)
    try:
        return _info(path, os.stat(path))
    except OSError:
        return None


def _info(path: str, status: os.stat_result) -> FileInfo:
    return FileInfo(path, status.st_size, str(status.st_mtime_ns))


def _read(path: str, accept: Callable[[FileInfo], None]) -> bytes:
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        before = os.fstat(file.fileno())
        if not stat.S_ISREG(before.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", path)
        accept(_info(path, before))
        data = file.read(before.st_size)
        accept(_info(path, os.fstat(file.fileno())))
    return data


def _walk(top: str) -> Iterator[str]:
    """Every file below a folder.

    Links to folders are followed after all else and only into folders not seen by then, so that no loop is endless
    and a ``latest`` beside the nights lists nothing twice.
    """
    seen: set[tuple[int, int]] = set()
    tops = [top]
    while tops:
        links: list[str] = []
        for folder, folders, names in os.walk(tops.pop(0), onerror=_raise):
            try:
                status = os.stat(folder)
            except FileNotFoundError:
                continue
            if (status.st_dev, status.st_ino) in seen:
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders.sort()
            links += [full for name in folders if os.path.islink(full := os.path.join(folder, name))]
            yield from (os.path.join(folder, name) for name in names if not name.startswith(_TEMPORARY))
        tops += links


def _scheme(url: str) -> str:
    scheme, separator, _ = url.partition("://")
    return scheme if separator else ""


def _unknown_scheme(url: str) -> UsageError:
    return UsageError(f"cannot open {url}: write a folder, file:// or s3://")


def _local_path(uri: str, scheme: str = "file") -> str:
    return os.fsdecode(urllib.parse.unquote_to_bytes(uri.removeprefix(f"{scheme}://")))


@contextmanager
def _said(path: Path) -> Iterator[None]:
    """A failure to write, as one line for people."""
    try:
        yield
    except OSError as error:
        raise AsdError(
            f"cannot write {path}: {error.strerror or error}; nothing of it was kept: "
            "make room or give access, and run the same command again"
        ) from error


def _raise(error: OSError) -> None:
    # A store that has no such folder yet is an empty listing; anything else must not look like one.
    if not isinstance(error, FileNotFoundError):
        raise error
