"""The interface to folders of files, of an archive or a store.

Everything that reads an archive or writes a store goes through `Files`, so that another kind of place is one
more class here and nothing elsewhere. Paths are relative to the folder, with ``/`` between their parts.
"""

from __future__ import annotations

import os
import urllib.parse
from dataclasses import dataclass
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
    """

    path: str
    size: int
    version: str


class Files(Protocol):
    """A folder of files somewhere."""

    url: str

    def list(self, prefix: str = "") -> list[FileInfo]:
        """Every file under the folder ``prefix``, recursively, sorted by path; empty where there is none."""

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

    def uri(self, path: str) -> str:
        """The percent-encoded absolute address of a file, which `read_uri` takes."""

    def address(self, path: str) -> str:
        """How to name a file to a person: what a shell or a browser takes."""


def accept_any(info: FileInfo) -> None:
    """Read whatever is there."""


def local_path(uri: str, scheme: str = "file") -> str:
    """The path in a percent-encoded address; bytes that are no UTF-8 become surrogates."""
    return os.fsdecode(urllib.parse.unquote_to_bytes(uri.removeprefix(f"{scheme}://")))
