"""A file put together from pieces of another one and from bytes in between, without a copy of the sound."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast


class Bytes(Protocol):
    """The bytes of a file: ``bytes``, or a memory map of it."""

    def __len__(self) -> int:
        """See `bytes.__len__`."""

    def __getitem__(self, part: slice, /) -> bytes:
        """See `bytes.__getitem__`."""

    def find(self, sub: bytes, start: int = ..., end: int = ..., /) -> int:
        """See `bytes.find`."""

    def rfind(self, sub: bytes, start: int = ..., end: int = ..., /) -> int:
        """See `bytes.rfind`."""


@dataclass(frozen=True)
class Mended:
    """A recording as a decoder should see it.

    Attributes:
        pieces: in their order; a range stands for those bytes of the original file, bytes for themselves.
        promised: samples that the header promises over those that are there; 1.0 where nothing is missing.
    """

    pieces: tuple[bytes | range, ...]
    promised: float = 1.0

    def open(self, data: Bytes) -> BinaryIO:
        """The mended file, to be read front to back or from anywhere."""
        if self.pieces == (range(len(data)),) and isinstance(data, bytes):
            return _Whole(data)
        return cast(BinaryIO, _Joined(data, self.pieces))


class _Whole(io.BytesIO):
    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        try:
            return super().seek(offset, whence)
        except ValueError:  # a broken header leads libsndfile to before the first byte
            return super().seek(0)


class _Joined(io.RawIOBase):
    def __init__(self, data: Bytes, pieces: Sequence[bytes | range]) -> None:
        self._data, self._at = data, 0
        self._pieces: list[tuple[int, bytes | range]] = []  # each with its first byte in the joined file
        self._length = 0
        for piece in pieces:
            self._pieces.append((self._length, piece))
            self._length += len(piece)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, origin + offset)
        return self._at

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]  # any writable buffer
        done = 0
        for first, piece in self._pieces:
            begin = self._at + done - first
            if done < len(view) and 0 <= begin < len(piece):
                part = self._bytes(piece, begin, min(len(piece), begin + len(view) - done))
                view[done : done + len(part)] = part
                done += len(part)
        self._at += done
        return done

    def _bytes(self, piece: bytes | range, begin: int, end: int) -> bytes:
        return piece[begin:end] if isinstance(piece, bytes) else self._data[piece.start + begin : piece.start + end]
