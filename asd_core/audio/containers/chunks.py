"""Chunks: an id, a size and a body. Recorders and pipes leave sizes unfilled, and forget the padding byte."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal, NamedTuple

from asd_core.audio.containers.pieces import Bytes
from asd_core.audio.containers.tags import id3_size, is_container

_SEARCHED = 1 << 20  # bytes at the end of a file in which chunks behind the sound are looked for
_MOST_CHUNKS, _MOST_CHUNKS_BEHIND = 1 << 16, 1 << 8  # no recording has more
_MOST_SEARCHES = 16  # for a chunk that nothing leads to
_BROKEN_OFF = 1 << 13  # bytes behind a sound whose sizes agree, from which they are sound that came after them
# Chunks that stand behind the sound: RIFF's, those of broadcast and wildlife recorders, and AIFF's.
_BEHIND = re.compile(
    b"LIST|list|bext|iXML|id3 |ID3 |ID3[\x02-\x04]|JUNK|junk|PAD |cue |fact|smpl|inst|afsp|_PMX|axml|chna|PEAK|LGWV"
    b"|levl|FLLR|umid|minf|elm1|regn|ovwf|DISP|plst|acid|strc|r64m|dbmd|cart|mext|wamd|guan|SAUR|free|info|pakt|mark"
    b"|NAME|AUTH|\\(c\\) |ANNO|MARK|COMT|INST|MIDI|AESD|APPL"
)


class Layout(NamedTuple):
    """A container's way to write chunks.

    Attributes:
        id_bytes: length of an id.
        size_bytes: length of a size.
        order: of the bytes of a size.
        align: bytes; a chunk begins at a multiple of it, counted from the container's first byte.
        counted: bytes of the chunk's own head that its size counts.
    """

    id_bytes: int
    size_bytes: int
    order: Literal["little", "big"]
    align: int
    counted: int = 0

    @property
    def head(self) -> int:
        """Bytes before a chunk's body."""
        return self.id_bytes + self.size_bytes

    def size(self, data: Bytes, at: int) -> int:
        """Bytes of the body, as the head of the chunk at this offset says."""
        return int.from_bytes(data[at + self.id_bytes : at + self.head], self.order) - self.counted

    def is_unfilled(self, size: int) -> bool:
        """True for sizes that stand in a header until the real one is known: none, or the most there can be."""
        return size <= 0 or size >= (0x7EFF0000 if self.size_bytes == 4 else 1 << 62)


RIFF = Layout(4, 4, "little", 2)
RIFX = Layout(4, 4, "big", 2)
W64 = Layout(16, 8, "little", 8, counted=24)
CAF = Layout(4, 8, "big", 1)


class Chunk(NamedTuple):
    """One chunk: its id (the first four bytes), the offset of its body and the size that its head says."""

    name: bytes
    body: int
    size: int


def walk(data: Bytes, layout: Layout, start: int, at: int, end: int, sought: tuple[bytes, ...]) -> Iterator[Chunk]:
    """The chunks from ``at`` on; one that nothing leads to is looked for by the names that are sought.

    Args:
        data: the file.
        layout: of its chunks.
        start: offset of the container.
        at: offset of the first chunk.
        end: offset behind the last one.
        sought: names of chunks that matter, that of the sound last: its size may lead beyond the end.
    """
    searches = _MOST_SEARCHES
    for _ in range(_MOST_CHUNKS):
        if at + layout.head > end:
            return
        chunk = Chunk(data[at : at + 4], at + layout.head, layout.size(data, at))
        yield chunk
        ends = (padded(layout, start, chunk), chunk.body + max(0, chunk.size))
        last = 1 << 64 if chunk.name in sought[-1:] else end + layout.align
        reached = [place for place in ends if end <= place <= last or _begins(data, layout, place, end, sought)]
        if reached:
            at = reached[0]
            continue
        found = [place for name in sought if searches and (place := data.find(name, chunk.body, end)) >= 0]
        if not found:
            return
        searches -= 1
        at = min(found)


def padded(layout: Layout, start: int, chunk: Chunk) -> int:
    """Offset at which the next chunk should begin."""
    behind = chunk.body + max(0, chunk.size)
    return behind + (start - behind) % layout.align


def sound_stop(
    data: Bytes, layout: Layout, begin: int, declared: int, end: int, form_end: int | None
) -> tuple[int, float]:
    """End of the sound that begins at ``begin``, and the samples promised over those there (see `Mended`).

    Args:
        data: the file.
        layout: of its chunks.
        begin: offset of the first sample.
        declared: bytes of sound that the header tells.
        end: offset behind the container.
        form_end: offset behind the container as its own header tells it; None where it has no such size.
    """
    behind = begin + declared
    if declared > 0 and behind <= end:
        tail = end - behind
        agree = form_end is None or form_end <= behind + layout.align
        if not tail or _is_behind(data, layout, behind, end) or (agree and tail < _BROKEN_OFF):
            return behind, 1.0
        return _before_last_chunks(data, layout, begin, end), 1.0
    stop = _before_last_chunks(data, layout, begin, end)
    is_whole = form_end is not None and abs(form_end - end) <= 1  # a padding byte
    if is_whole or layout.is_unfilled(declared) or stop < end or stop <= begin:
        return stop, 1.0
    return stop, declared / (stop - begin)


def _begins(data: Bytes, layout: Layout, at: int, end: int, sought: tuple[bytes, ...] = ()) -> bool:
    """True where a chunk begins that fits into the file."""
    name = data[at : at + 4]
    if at + layout.head > end or not _is_printable(name):
        return False
    return name in sought or 0 <= layout.size(data, at) <= end - at - layout.head


def _is_printable(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name)


def _is_behind(data: Bytes, layout: Layout, at: int, end: int) -> bool:
    """True where bytes behind the sound are a chunk, a tag, another file or padding."""
    for place in range(at, min(end, at + layout.align)):
        rest = data[place : place + (1 << 16)]
        if _begins(data, layout, place, end) or not any(rest) or is_container(data, place) or id3_size(data, place):
            return True
        if rest.startswith((b"TAG", b"APETAGEX", b"LYRICSBEGIN")):
            return True
    return False


def _before_last_chunks(data: Bytes, layout: Layout, begin: int, end: int) -> int:
    """Offset of the first of the chunks that end with the file; ``end`` where none do."""
    window = max(begin, end - _SEARCHED)
    for found in islice(_BEHIND.finditer(data[window:end]), _MOST_CHUNKS_BEHIND):
        at = window + found.start()
        if any(_leads_to(data, written, at, end) for written in (layout, RIFF, RIFX)):  # programs add their own kind
            return at
    return end


def _leads_to(data: Bytes, layout: Layout, at: int, end: int) -> bool:
    """True where chunk upon chunk ends at ``end``."""
    for _ in range(_MOST_CHUNKS_BEHIND):
        if at >= end:
            break
        if size := id3_size(data, at):
            at += size
        elif _begins(data, layout, at, end):
            at += layout.head + max(0, layout.size(data, at))
            if at < end and layout.align > 1 and data[at : at + 1] == b"\0":
                at += 1
        else:
            return not any(data[at:end])
    return at == end
