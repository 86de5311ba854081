"""Files to be sent to browsers, in a folder of bounded size, with ranges, marks of their versions and no names of ours.

A file lies under the hash of its content, so that nothing of a web address is part of a path.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from asd_core.digest import content_hash

MOST_BYTES = 256 << 20
"""Of all files that are kept; a clip of ten seconds at 16 kHz takes some 0.8 MB with its nearest normal clip."""


@dataclass(frozen=True)
class KeptFile:
    """A file whose bytes lie at ``path`` and have the hash ``digest``."""

    path: Path
    media_type: str
    digest: str
    size: int


class KeptFiles:
    """A temporary folder, made for the first file and gone with the process; what nobody asked for longest goes first.

    Args:
        most_bytes: of all files; the one that came last stays, however large.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._folder: Path | None = None
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, KeptFile] = OrderedDict()
        self._size = 0
        self._removal: weakref.finalize[[str], KeptFiles] | None = None

    def keep(self, data: bytes, media_type: str) -> KeptFile:
        """Write a file, unless it is there."""
        digest = content_hash(data)
        with self._lock:
            folder = self._made()
            file = KeptFile(folder / digest, media_type, digest, len(data))
            if digest not in self._kept:
                part = folder / f"{digest}.part"
                part.write_bytes(data)
                os.replace(part, file.path)
                self._kept[digest] = file
                self._size += file.size
            self._kept.move_to_end(digest)
            while self._size > self._most_bytes and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                dropped.path.unlink(missing_ok=True)
                self._size -= dropped.size
        return file

    def close(self) -> None:
        """Remove the folder."""
        with self._lock:
            if self._removal is not None:
                self._removal()
            self._folder, self._size = None, 0
            self._kept.clear()

    def _made(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="asd-serve-"))
            self._removal = weakref.finalize(self, shutil.rmtree, str(self._folder), ignore_errors=True)
        return self._folder

    def get(self, digest: str) -> KeptFile | None:
        """The file whose bytes have this hash, where it is still there; it counts as asked for now."""
        with self._lock:
            file = self._kept.get(digest)
            if file is not None:
                self._kept.move_to_end(digest)
            return file

    def has(self, file: KeptFile) -> bool:
        """Tell if a file is still there; it counts as asked for now."""
        return self.get(file.digest) is not None


def file_answer(request: Request, file: KeptFile, headers: Mapping[str, str] | None = None) -> Response:
    """Send a file or the range of it that is asked for, in pieces of 64 KiB.

    Ranges (206, 416), ``If-Range`` and HEAD are starlette's; a browser that has this version gets 304 and no bytes.
    """
    mark = f'"{file.digest}"'
    told = {"ETag": mark, "Cache-Control": "private, max-age=3600", **(headers or {})}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if mark in known or "*" in known:
        return Response(status_code=304, headers=told)
    return FileResponse(file.path, headers=told, media_type=file.media_type, stat_result=os.stat(file.path))
