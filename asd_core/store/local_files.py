"""Files in a folder on this machine."""

from __future__ import annotations

import errno
import os
import secrets
import stat
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from asd_core.errors import AsdError
from asd_core.store.file_bytes import FileBytes
from asd_core.store.files import MISSING, FileInfo, local_path, none_closed


class LocalFiles:
    """A folder on this machine's file system (or one mounted on every node)."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        self.root = Path(os.path.abspath(root))
        self.url = "file://" + urllib.parse.quote_from_bytes(os.fsencode(str(self.root)))

    def list(self, prefix: str = "", closed: Callable[[str], bool] = none_closed) -> list[FileInfo]:
        """See `Files.list`. Temporary files of a write under way are not listed; links to folders are followed."""
        found: list[FileInfo] = []
        for full in _walk(str(self.root / prefix if prefix else self.root), closed):
            path = os.path.relpath(full, self.root).replace(os.sep, "/")
            if full.endswith("/"):
                found.append(FileInfo(f"{path}/", 0, MISSING))
                continue
            try:
                found.append(_info(path, os.stat(full)))
            except OSError as error:
                # A link to nowhere is listed; any other file that is not found vanished since its name was.
                if not isinstance(error, FileNotFoundError) or os.path.islink(full):
                    found.append(FileInfo(path, 0, MISSING))
        return sorted(found, key=lambda info: info.path)

    def read(self, path: str) -> bytes:
        """See `Files.read`; a FIFO is not waited for, and a device, which need not end, is not read."""
        descriptor, _ = _open_regular(self.address(path))
        with open(descriptor, "rb") as file:
            return file.read()

    def write(self, path: str, data: bytes) -> None:
        """See `Files.write`: a temporary file in the same folder, renamed."""
        with self._temporary(path, data) as temporary:
            os.replace(temporary, self.root / path)

    def write_new(self, path: str, data: bytes) -> bool:
        """See `Files.write_new`: a hard link to the whole temporary file, which fails where the name is taken."""
        if self.exists(path):
            return False
        with self._temporary(path, data) as temporary:
            try:
                os.link(temporary, self.root / path)
            except FileExistsError as error:
                if self.exists(path):
                    return False
                raise AsdError(
                    f"{self.root / path} is no regular file: move it away and run the same command again"
                ) from error
        return True

    def exists(self, path: str) -> bool:
        """See `Files.exists`."""
        return (self.root / path).is_file()

    def delete(self, path: str) -> None:
        """See `Files.delete`."""
        (self.root / path).unlink(missing_ok=True)

    def delete_all(self, paths: Sequence[str]) -> None:
        """See `Files.delete_all`."""
        for path in paths:
            self.delete(path)
        folders = {os.path.dirname(path) for path in paths}
        folders |= {os.path.dirname(folder) for folder in folders}
        for folder in sorted(folders - {""}, key=len, reverse=True):
            with suppress(OSError):  # others have files there, or made it go
                (self.root / folder).rmdir()

    def leftovers(self) -> Sequence[FileInfo]:
        """See `Files.leftovers`."""
        found = []
        with suppress(FileNotFoundError):
            for one in sorted((self.root / _UNDER_WAY).iterdir()):
                with suppress(FileNotFoundError):
                    found.append(_info(f"{_UNDER_WAY}/{one.name}", one.stat()))
        return found

    def uri(self, path: str) -> str:
        """See `Files.uri`."""
        return f"{self.url}/{urllib.parse.quote_from_bytes(os.fsencode(path))}" if path else self.url

    def address(self, path: str) -> str:
        """See `Files.address`."""
        return str(self.root / path)

    def remove_leftovers(self, seconds: float) -> None:
        """See `Files.remove_leftovers`: temporary files of writers that were killed, by the file system's own clock."""
        folder = self.root / _UNDER_WAY
        with suppress(OSError, AsdError):
            if not any(folder.iterdir()):
                return
            with self._temporary(_UNDER_WAY, b"") as fresh:
                now = fresh.stat().st_mtime
                for one in folder.iterdir():
                    with suppress(OSError):
                        if now - one.stat().st_mtime > seconds:
                            one.unlink()

    @contextmanager
    def _temporary(self, path: str, data: bytes) -> Iterator[Path]:
        """A whole file, gone afterwards; a failure to write is one line for people."""
        target, temporary = self.root / path, None
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._new_file(target.parent) as file:
                temporary = Path(file.name)
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        except (FileExistsError, NotADirectoryError) as error:
            raise AsdError(
                f"cannot make the folder {target.parent}: a file is in the way; name another folder"
            ) from error
        except OSError as error:
            raise AsdError(
                f"cannot write {target}: {error.strerror or error}; nothing of it was kept: "
                "make room or give access, and run the same command again"
            ) from error
        finally:
            with suppress(OSError):
                if temporary is not None:
                    temporary.unlink(missing_ok=True)
            with suppress(OSError):
                (self.root / _UNDER_WAY).rmdir()  # where nobody else is writing

    def _new_file(self, beside: Path) -> BinaryIO:
        """A new temporary file in a folder of them, which is looked through quickly; or beside what is to be written.

        Beside it where that lies on another file system, or where the folder cannot be made.
        """
        folder, name = self.root / _UNDER_WAY, f"{_TEMPORARY}{secrets.token_hex(8)}"
        with suppress(OSError):
            if os.stat(beside).st_dev != os.stat(self.root).st_dev:
                return open(beside / name, "xb")
        for _ in range(_TRIES):  # whoever wrote last may remove the folder in between
            with suppress(OSError):
                folder.mkdir(exist_ok=True)
                return open(folder / name, "xb")
        return open(beside / name, "xb")


_TEMPORARY = ".asd-part-"
_UNDER_WAY = ".asd-parts"
_TRIES = 20


def look_at_local(uri: str) -> FileInfo | None:
    """Size and version of the file behind a ``file://`` address; None where it cannot be looked at."""
    path = local_path(uri)
    try:
        return _info(path, os.stat(path))
    except (OSError, ValueError):  # ValueError: a NUL, which a percent-encoded address may hold and no file's name
        return None


def _info(path: str, status: os.stat_result) -> FileInfo:
    return FileInfo(path, status.st_size, str(status.st_mtime_ns), status.st_mtime)


def read_local(path: str, accept: Callable[[FileInfo], None]) -> bytes:
    """The bytes of a regular file; ``accept`` is shown size and version before they are read, and after.

    Raises:
        OSError: it is no regular file, or cannot be read.
    """
    descriptor, before = _open_regular(path)
    with open(descriptor, "rb") as file:
        accept(_info(path, before))
        data = file.read(before.st_size)
        accept(_info(path, os.fstat(file.fileno())))
    return data


def _open_regular(path: str) -> tuple[int, os.stat_result]:
    """Open a regular file; anything else is neither waited for nor read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", path)
    return descriptor, status


def open_local(path: str, accept: Callable[[FileInfo], None], in_memory: int) -> bytes | FileBytes:
    """See `asd_core.store.addresses.open_uri`."""
    if os.stat(path).st_size <= in_memory:
        return read_local(path, accept)
    descriptor, status = _open_regular(path)
    file = FileBytes(descriptor, status.st_size)
    accept(_info(path, status))
    return file


def _walk(top: str, closed: Callable[[str], bool]) -> Iterator[str]:
    """Every file below a folder, and every closed folder with a ``/`` at its end.

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
            folders[:] = sorted(name for name in folders if name != _UNDER_WAY)
            yield from (os.path.join(folder, name, "") for name in folders if closed(name))
            folders[:] = [name for name in folders if not closed(name)]
            links += [full for name in folders if os.path.islink(full := os.path.join(folder, name))]
            yield from (os.path.join(folder, name) for name in names if not name.startswith(_TEMPORARY))
        tops += links


def _raise(error: OSError) -> None:
    # A store that has no such folder yet is an empty listing; anything else must not look like one.
    if not isinstance(error, FileNotFoundError):
        raise error
