"""Ogg (RFC 3533): a last page that was cut short keeps its whole segments and gets a new checksum.

A decoder drops a page whose checksum is wrong, which is a second of sound or all of a short recording.
"""

from __future__ import annotations

from functools import lru_cache

from asd_core.audio.containers.pieces import Bytes, Mended

_HEAD = 27  # bytes of a page before its segment table
LARGEST_PAGE = _HEAD + 255 + 255 * 255  # bytes


def mend_ogg(data: Bytes, start: int, end: int) -> Mended | None:
    """An Ogg file whose last page is whole; None where it is so already.

    The position that a page of Vorbis tells stays: it says how much is missing.

    Args:
        data: the file.
        start: offset of the container.
        end: offset behind it.
    """
    at = data.rfind(b"OggS", max(start, end - LARGEST_PAGE), end)
    if at < start:
        return None
    page = data[at:end]
    count = page[_HEAD - 1] if len(page) >= _HEAD else 0
    table = page[_HEAD : _HEAD + count]
    body = _HEAD + count
    if len(page) >= body and body + sum(table) <= len(page):
        return None
    kept, size = 0, 0
    while kept < len(table) and body + size + table[kept] <= len(page):
        size += table[kept]
        kept += 1
    if not kept:
        return Mended((range(start, at),)) if at > start else None
    position, promised = int.from_bytes(page[6:14], "little", signed=True), 1.0
    is_first = int.from_bytes(page[18:22], "little") <= 2
    if is_first and data[start + _HEAD + 1 : start + _HEAD + 9] == b"OpusHead":
        # Opus counts the beginning of a stream back from the end of its first page.
        there = position - _opus_samples(page[body : body + 2]) * sum(length < 255 for length in table[kept:])
        position, promised = max(0, there), max(1.0, position / max(1, there))
    mended = page[:6] + position.to_bytes(8, "little", signed=True) + page[14:22] + bytes(4)
    mended += bytes([kept]) + table[:kept] + page[body : body + size]
    sealed = checksum(mended).to_bytes(4, "little")
    return Mended((range(start, at), mended[:22] + sealed + mended[26:]), promised)


def _opus_samples(packet: bytes) -> int:
    """Samples at 48 kHz of a packet (RFC 6716, section 3.1)."""
    config = packet[0] >> 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config % 4]
    elif config < 16:
        frame = (480, 960)[config % 2]
    else:
        frame = (120, 240, 480, 960)[config % 4]
    frames = (1, 2, 2, packet[1] & 0x3F if len(packet) > 1 else 1)[packet[0] & 3]
    return frame * frames


def checksum(page: bytes) -> int:
    """The checksum of a page whose own is 0 (RFC 3533, section 6)."""
    table, crc = _table(), 0
    for byte in page:
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
    return crc


@lru_cache(maxsize=1)
def _table() -> list[int]:
    table = []
    for value in range(256):
        crc = value << 24
        for _ in range(8):
            crc = crc << 1 ^ (0x104C11DB7 if crc & 0x80000000 else 0)
        table.append(crc)
    return table
