"""A file that is read piece by piece where its bytes are asked for, so that it need not fit into memory.

A memory map would do the same, but a file that another program cuts short under it kills the process.
"""

from __future__ import annotations

import contextlib
import os

_PIECE = 1 << 20  # bytes searched at a time


class FileBytes:
    """The bytes of an open file, sliced and searched like ``bytes``.

    Args:
        descriptor: of a regular file open for reading; closed together with this object.
        size: its size in bytes; what is appended later is not seen.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._size = descriptor, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        """Some consecutive bytes; fewer where the file is cut short meanwhile."""
        start, stop, step = part.indices(self._size)
        if step != 1:
            raise ValueError("only consecutive bytes can be sliced")
        pieces = []
        while start < stop and (piece := os.pread(self._descriptor, stop - start, start)):
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)

    def find(self, sub: bytes, start: int = 0, end: int | None = None, /) -> int:
        """As ``bytes.find``."""
        start, end, _ = slice(start, end).indices(self._size)
        while start + len(sub) <= end:
            found = self[start : min(end, start + _PIECE + len(sub) - 1)].find(sub)
            if found >= 0:
                return start + found
            start += _PIECE
        return -1

    def rfind(self, sub: bytes, start: int = 0, end: int | None = None, /) -> int:
        """As ``bytes.rfind``."""
        start, end, _ = slice(start, end).indices(self._size)
        while start + len(sub) <= end:
            begin = max(start, end - _PIECE - len(sub) + 1)
            found = self[begin:end].rfind(sub)
            if found >= 0:
                return begin + found
            end = begin + len(sub) - 1 if begin > start else start
        return -1

    def __del__(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._descriptor)
