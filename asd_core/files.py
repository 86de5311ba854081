"""The one seam to where files live: an archive's or a store's folder.

Everything that reads an archive or writes a store goes through `Files`, so that another kind of place is one
more class here and nothing elsewhere. Paths are relative to the folder, with ``/`` between their parts.
"""

from __future__ import annotations

import os
import secrets
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from asd_core.errors import AsdError, UsageError


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
        self.url = self.uri("")

    def list(self, prefix: str = "") -> list[FileInfo]:
        """See `Files.list`. Temporary files of a write under way are not listed."""
        found: list[FileInfo] = []
        top = self.root / prefix if prefix else self.root
        for folder, folders, names in os.walk(top, onerror=_raise):
            folders.sort()
            for name in names:
                if name.startswith(_TEMPORARY):
                    continue
                full = os.path.join(folder, name)
                try:
                    stat = os.stat(full)
                except FileNotFoundError:  # vanished between the listing and the look
                    continue
                path = os.path.relpath(full, self.root).replace(os.sep, "/")
                found.append(FileInfo(path, stat.st_size, str(stat.st_mtime_ns)))
        return sorted(found, key=lambda info: info.path)

    def read(self, path: str) -> bytes:
        """See `Files.read`."""
        return (self.root / path).read_bytes()

    def write(self, path: str, data: bytes) -> None:
        """See `Files.write`: a temporary file in the same folder, renamed."""
        temporary = self._write_temporary(path, data)
        os.replace(temporary, self.root / path)

    def write_new(self, path: str, data: bytes) -> bool:
        """See `Files.write_new`: a hard link to the whole temporary file, which fails where the name is taken."""
        if self.exists(path):
            return False
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

    def uri(self, path: str) -> str:
        """See `Files.uri`."""
        full = self.root / path if path else self.root
        return "file://" + urllib.parse.quote_from_bytes(os.fsencode(str(full)))

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
    """Open a folder by its path or ``file://`` address; it need not exist yet.

    Raises:
        UsageError: another scheme.
    """
    scheme, separator, _ = url.partition("://")
    if not separator:
        return LocalFiles(url)
    if scheme == "file":
        return LocalFiles(_local_path(url))
    raise UsageError(f"cannot open {url}: only folders and file:// addresses can be read so far, not {scheme}://")


def read_uri(uri: str) -> bytes:
    """The bytes behind an absolute address made by `Files.uri`. Raises OSError where they cannot be read."""
    if not uri.startswith("file://"):
        raise UsageError(f"cannot read {uri}: only file:// addresses can be read so far")
    return Path(_local_path(uri)).read_bytes()


def _local_path(uri: str) -> str:
    return os.fsdecode(urllib.parse.unquote_to_bytes(uri.removeprefix("file://")))


def _raise(error: OSError) -> None:
    # A store that has no such folder yet is an empty listing; anything else must not look like one.
    if not isinstance(error, FileNotFoundError):
        raise error
