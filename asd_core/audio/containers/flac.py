"""FLAC (RFC 9639): the number of samples that its first block tells, and the frames behind a broken one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from asd_core.audio.containers.pieces import Bytes, Mended
from asd_core.audio.containers.tags import sound_start

_TAIL = 1 << 16  # bytes at the end of a file, in which its last frames lie
_STREAMINFO = 42  # bytes up to the end of the first block
_WINDOW = 1 << 20  # bytes searched at a time
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


def behind_damage(data: Bytes, given: int, origin: int | None = None) -> tuple[Mended, int, int] | None:
    """A file of the frames behind a broken one, the number of its first sample, and the samples lost before it.

    None where there are no such frames.

    libFLAC finds the next frame by itself, but libsndfile gives up at the first broken one.

    Args:
        data: the file.
        given: samples that were decoded before the broken frame.
        origin: number of the first of them; None for that of the file's first frame.
    """
    start, end = sound_start(data), len(data)
    head = data[start : start + _STREAMINFO]
    if len(head) < _STREAMINFO or head[:4] != b"fLaC":
        return None
    told = int.from_bytes(head[18:26], "big")
    unknown = (told & ~_SAMPLES).to_bytes(8, "big")
    before: tuple[int, int, int] | None = None
    for frame in _frames(data, start + _STREAMINFO, end, int.from_bytes(head[10:12], "big")):
        at, first, length = frame
        is_last = first + length == told & _SAMPLES
        found = before if before and before[1] + before[2] == first else frame if is_last else None
        if found and origin is None:
            origin = found[1]  # a file cut out of a stream does not begin at 0
        if found and origin is not None and found[1] > origin + given:
            is_only_block = bytes([head[4] | 0x80])  # no further blocks of metadata follow
            streaminfo = head[:4] + is_only_block + head[5:18] + unknown + head[26:]
            return Mended((streaminfo, range(found[0], end))), found[1], found[1] - origin - given
        before = frame
    return None


def _frames(data: Bytes, at: int, end: int, block: int) -> Iterator[tuple[int, int, int]]:
    """Offset, number of the first sample and number of samples of all that looks like a frame."""
    while at < end:
        window = data[at : min(end, at + _WINDOW)]
        for sync in _SYNC.finditer(window):
            place = at + sync.start()
            if frame := _frame(data[place : min(end, place + 16)], block):
                yield place, *frame
        at += max(1, len(window) - 1)


def _frame(head: bytes, block: int) -> tuple[int, int] | None:
    """Number of the first sample and of all samples of the frame that begins here; None where none does."""
    if len(head) < 16:
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
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ (0x107 if crc & 0x80 else 0)
    return crc
