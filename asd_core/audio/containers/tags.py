"""Tags before and behind the sound: ID3 (https://id3.org), APEv2 and Lyrics3 stand outside of any container.

Music programs put them into whatever file they are given. Decoders expect them in MP3 files alone.
"""

from __future__ import annotations

import re

from asd_core.audio.containers.pieces import Bytes

_W64 = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_SIGNATURE = re.compile(
    b"(?:RIFF|RIFX|RF64|BW64)....WAVE|FORM....AIF[FC]|fLaC[\x00-\x7f\x80-\x86]|OggS\x00[\x02\x06]"
    b"|\\.snd\x00\x00|dns\\.|caff\x00[\x01\x02]|" + re.escape(_W64),
    re.DOTALL,
)
_MP3 = re.compile(b"\xff[\xe2-\xe7\xf2-\xf7\xfa-\xff][^\xf0-\xff]", re.DOTALL)
_MOST_TAGS = 16  # one behind the other
_SEARCHED = 1 << 20  # bytes in which the sound must begin, where a tag's size does not lead to it


def sound_start(data: Bytes) -> int:
    """Offset of the container: behind tags, and the zeros that pad them; 0 where none is found behind them."""
    at, has_padding = _behind_tags(data, 0), False
    zeros = data[at : at + _SEARCHED]
    if zeros[:1] == b"\0":
        at += len(zeros) - len(zeros.lstrip(b"\0"))
        at, has_padding = _behind_tags(data, at), True
    if at == 0:
        return 0
    if is_container(data, at):
        return at
    if _MP3.match(data[at : at + 3]):
        return at if has_padding else 0  # the decoder knows the tags of MP3 itself
    found = _SIGNATURE.search(data[10:_SEARCHED]) if data[:3] == b"ID3" else None
    return 10 + found.start() if found else 0


def is_container(data: Bytes, at: int) -> bool:
    """True where a file of a known container begins."""
    return _SIGNATURE.match(data[at : at + 16]) is not None


def sound_end(data: Bytes, start: int) -> int:
    """Offset behind the container's last byte: before tags at the end of the file."""
    end = len(data)
    for _ in range(_MOST_TAGS):
        end -= _end_tag_size(data, start, end)
    return end


def _behind_tags(data: Bytes, at: int) -> int:
    for _ in range(_MOST_TAGS):
        at += _tag_size(data, at)
    return at


def _tag_size(data: Bytes, at: int) -> int:
    """Bytes of the tag that begins here; 0 where none does."""
    head = data[at : at + 32]
    if head[:3] == b"ID3" and len(head) >= 10 and head[3] in (2, 3, 4) and max(head[6:10]) < 0x80:
        return 10 + _syncsafe(head[6:10]) + (10 if head[5] & 0x10 else 0)
    if head[:8] == b"APETAGEX" and len(head) == 32:
        return 32 + int.from_bytes(head[12:16], "little")
    return 0


def id3_size(data: Bytes, at: int) -> int:
    """Bytes of the ID3v2 tag that begins here; 0 where none does."""
    return _tag_size(data, at) if data[at : at + 3] == b"ID3" else 0


def _end_tag_size(data: Bytes, start: int, end: int) -> int:
    """Bytes of the tag that ends here; 0 where none does."""
    size, begins = 0, b""
    if data[max(start, end - 128) : end][:3] == b"TAG" and end - start >= 128:
        size = 128
        if data[max(start, end - 355) : end][:4] == b"TAG+":
            size = 355
    elif (foot := data[max(start, end - 32) : end])[:8] == b"APETAGEX" and len(foot) == 32:
        size = int.from_bytes(foot[12:16], "little")
        if data[max(start, end - size - 32) : end][:8] == b"APETAGEX":
            size += 32  # the tag has a head too
    elif foot[-9:] == b"LYRICS200" and foot[-15:-9].isdigit():
        size, begins = int(foot[-15:-9]) + 15, b"LYRICSBEGIN"
    elif foot[-10:-7] == b"3DI" and max(foot[-4:]) < 0x80:
        size, begins = _syncsafe(foot[-4:]) + 20, b"ID3"
    return size if size <= end - start and data[end - size : end - size + len(begins)] == begins else 0


def _syncsafe(four: bytes) -> int:
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]
