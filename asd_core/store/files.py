"""The interface to folders of files, of an archive or a store.

Everything that reads an archive or writes a store goes through `Files`, so that another kind of place is one
more class here and nothing elsewhere. Paths are relative to the folder, with ``/`` between their parts.
"""

from __future__ import annotations

import math
import os
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

MISSING = "missing"
"""The version of a file that is listed and cannot be looked at: reading it tells why."""


@dataclass(frozen=True)
class FileInfo:
    """One file of a listing.

    Attributes:
        path: relative to the folder; bytes that are no UTF-8 are kept as surrogates.
        size: in bytes.
        version: changes whenever the bytes do (an etag, or the modification time in nanoseconds).
        modified: seconds since the epoch, by the clock of the place; nan where it is not known.
    """

    path: str
    size: int
    version: str
    modified: float = field(default=math.nan, compare=False)


def none_closed(name: str) -> bool:
    """Open every folder."""
    return False


def with_closed(infos: Iterable[FileInfo], closed: Callable[[str], bool]) -> Iterator[FileInfo]:
    """A listing whose files in closed folders are one entry a folder, as `Files.list` gives it."""
    is_closed = lru_cache(maxsize=65536)(closed)
    seen: set[str] = set()
    for info in infos:
        folders = info.path.split("/")[:-1]
        depth = next((i for i, name in enumerate(folders) if is_closed(name)), None)
        if depth is None:
            yield info
        elif (folder := "/".join(folders[: depth + 1]) + "/") not in seen:
            seen.add(folder)
            yield FileInfo(folder, 0, MISSING)


class Files(Protocol):
    """A folder of files somewhere."""

    url: str

    def list(self, prefix: str = "", closed: Callable[[str], bool] = none_closed) -> list[FileInfo]:
        """Every file under the folder ``prefix``, recursively, sorted by path; empty where there is none.

        Folders whose names are ``closed`` are not opened. Each is one entry, with a ``/`` at the end of its path.
        """

    def read(self, path: str) -> bytes:
        """The bytes of a file. Raises FileNotFoundError or another OSError."""

    def write(self, path: str, data: bytes) -> None:
        """Write a file as a whole: readers see the old bytes or the new ones, never a part."""

    def write_new(self, path: str, data: bytes) -> bool:
        """Write a file as a whole unless it exists; return whether it was written. The first writer wins."""

    def exists(self, path: str) -> bool:
        """Tell if there is such a file."""

    def delete(self, path: str) -> None:
        """Remove a file; nothing happens where there is none."""

    def delete_all(self, paths: Sequence[str]) -> None:
        """Remove files, and their folders where these are empty then; nothing happens for one that is not there."""

    def leftovers(self) -> Sequence[FileInfo]:
        """List what writers left that are at work or were killed; their paths are for people alone."""

    def remove_leftovers(self, seconds: float) -> None:
        """Remove what writers left that were killed so many seconds ago; nothing is said where that fails."""

    def uri(self, path: str) -> str:
        """The percent-encoded absolute address of a file, which `read_uri` takes."""

    def address(self, path: str) -> str:
        """How to name a file to a person: what a shell or a browser takes."""


def accept_any(info: FileInfo) -> None:
    """Read whatever is there."""


def local_path(uri: str, scheme: str = "file") -> str:
    """The path in a percent-encoded address; bytes that are no UTF-8 become surrogates."""
    return os.fsdecode(urllib.parse.unquote_to_bytes(uri.removeprefix(f"{scheme}://")))
