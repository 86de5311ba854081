"""FLAC (RFC 9639): the number of samples that its first block tells, and the frames behind a broken one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from asd_core.audio.containers.pieces import Bytes, Mended
from asd_core.audio.containers.tags import sound_start

_TAIL = 1 << 16  # bytes at the end of a file, in which its last frames lie
_STREAMINFO = 42  # bytes up to the end of the first block
_WINDOW = 1 << 20  # bytes searched at a time
_TRIES = 100_000  # that a frame begins, without one: chance writes so many in gigabytes
_SHORTEST_HEAD = 6  # bytes of a frame's head, its checksum among them
_SYNC = re.compile(b"\xff[\xf8\xf9]")
_SAMPLES = (1 << 36) - 1


def mend_flac(data: Bytes, start: int, end: int) -> Mended | None:
    """A FLAC file that does not tell its length, where the length it tells is too small; else None.

    A decoder stops at the length that a header tells, and counts where it tells none.

    Args:
        data: the file.
        start: offset of the container.
        end: offset behind it.
    """
    head = data[start : start + _STREAMINFO]
    told = int.from_bytes(head[18:26], "big")
    if len(head) < _STREAMINFO or head[4] & 0x7F or not told & _SAMPLES:
        return None
    if _samples_there(data, start, end, int.from_bytes(head[10:12], "big")) <= told & _SAMPLES:
        return None
    unknown = (told & ~_SAMPLES).to_bytes(8, "big")
    return Mended((head[:18] + unknown + head[26:], range(start + _STREAMINFO, end)))


def stream_samples(data: Bytes) -> int | None:
    """Samples of a stream up to its last frame, without its sound being decoded; None where no frame is found.

    Args:
        data: the file.
    """
    start = sound_start(data)
    head = data[start : start + _STREAMINFO]
    there = _samples_there(data, start, len(data), int.from_bytes(head[10:12], "big"))
    return max(0, there - first_sample(data)) or None


def _samples_there(data: Bytes, start: int, end: int, block: int) -> int:
    """Samples up to the end of the last frame; 0 where it is not found.

    Two neighbours must agree: a frame's head is 14 bits of sync and 8 of checksum, which chance also writes.
    """
    last = 0
    behind = None  # number of the sample behind the frame before
    for _, first, length in _frames(data, max(start + _STREAMINFO, end - _TAIL), end, block):
        if first == behind or (first == 0 and behind is None):
            last = first + length
        behind = first + length
    return last


class Behind(NamedTuple):
    """The frames behind a broken one.

    Attributes:
        mended: a file of them.
        sample: number of their first sample.
        offset: of their first byte in the file.
    """

    mended: Mended
    sample: int
    offset: int


def first_sample(data: Bytes) -> int:
    """Number of the first sample: not 0 in a file that was cut out of a stream."""
    return next((frame.first for frame in _sure_frames(data, 0)), 0)


def behind_damage(data: Bytes, sample: int, at: int = 0) -> Behind | None:
    """The frames behind a broken one; None where there are none.

    libFLAC finds the next frame by itself, but libsndfile gives up at the first broken one.

    Args:
        data: the file.
        sample: number of the first sample that could not be decoded.
        at: offset from which on the frames are looked for.
    """
    for frame in _sure_frames(data, at):
        if frame.first > sample:
            start = sound_start(data)
            head = data[start : start + _STREAMINFO]
            unknown = (int.from_bytes(head[18:26], "big") & ~_SAMPLES).to_bytes(8, "big")
            is_only_block = bytes([head[4] | 0x80])  # no further blocks of metadata follow
            streaminfo = head[:4] + is_only_block + head[5:18] + unknown + head[26:]
            mended = Mended((streaminfo, range(frame.offset, len(data))))
            return Behind(mended, frame.first, frame.offset)
    return None


class _Frame(NamedTuple):
    """Offset of a frame, the number of its first sample, and its samples."""

    offset: int
    first: int
    length: int


def _sure_frames(data: Bytes, at: int) -> Iterator[_Frame]:
    """The frames that are followed by their neighbour, and the last one that the header tells of."""
    start = sound_start(data)
    head = data[start : start + _STREAMINFO]
    if len(head) < _STREAMINFO or head[:4] != b"fLaC":
        return
    told, block = int.from_bytes(head[18:26], "big") & _SAMPLES, int.from_bytes(head[10:12], "big")
    before: _Frame | None = None
    for frame in _frames(data, max(at, start + _STREAMINFO), len(data), block):
        if before and before.first + before.length == frame.first:
            yield before
        if frame.first + frame.length == told:
            yield frame
        before = frame


def _frames(data: Bytes, at: int, end: int, block: int) -> Iterator[_Frame]:
    """All that looks like a frame."""
    tries, behind = _TRIES, -1
    while at < end:
        window = data[at : min(end, at + _WINDOW)]
        for sync in _SYNC.finditer(window):
            place = at + sync.start()
            frame = _frame(data[place : min(end, place + 16)], block)
            if frame:
                yield _Frame(place, *frame)
            if frame is None or frame[0] != behind:
                tries -= 1
            behind = sum(frame) if frame else behind
            if not tries:  # no sound is like that
                return
        at += max(1, len(window) - 1)


def _frame(head: bytes, block: int) -> tuple[int, int] | None:
    """Number of the first sample and of all samples of the frame that begins here; None where none does."""
    if len(head) < _SHORTEST_HEAD:
        return None
    number = _number(head[4:])
    size, rate = head[2] >> 4, head[2] & 0xF
    if number is None or size == 0 or rate == 15 or head[3] >> 4 > 10 or head[3] & 1:
        return None
    at = 4 + number[1]
    extra = {6: 1, 7: 2}.get(size, 0)
    length = int.from_bytes(head[at : at + extra], "big") + 1 if extra else _length(size)
    at += extra + {12: 1, 13: 2, 14: 2}.get(rate, 0)
    if at >= len(head) or _crc8(head[:at]) != head[at]:
        return None
    is_variable = head[1] & 1
    return (number[0] if is_variable else number[0] * block), length


def _length(size: int) -> int:
    return 192 if size == 1 else 576 << (size - 2) if size < 6 else 256 << (size - 8)


def _number(coded: bytes) -> tuple[int, int] | None:
    """The number at the beginning, coded as UTF-8 codes characters, and its bytes; None where it is broken."""
    ones = 8 - (coded[0] ^ 0xFF).bit_length()
    if ones == 1 or ones == 8:
        return None
    if ones == 0:
        return coded[0], 1
    value = coded[0] & (0x7F >> ones)
    for byte in coded[1:ones]:
        if byte >> 6 != 0b10:
            return None
        value = value << 6 | byte & 0x3F
    return value, ones


def _crc8(data: bytes) -> int:
    table, crc = _table(), 0
    for byte in data:
        crc = table[crc ^ byte]
    return crc


@lru_cache(maxsize=1)
def _table() -> list[int]:
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = crc << 1 ^ (0x107 if crc & 0x80 else 0)
        table.append(crc)
    return table
