"""WAV and its relatives: RIFF, RIFX (big-endian), RF64 and BW64 (EBU Tech 3306, ITU-R BS.2088), and Sony Wave64.

All of them hold a ``fmt `` and a ``data`` chunk of the same bodies. A file whose sizes are wrong gets a new header.
"""

from __future__ import annotations

from asd_core.audio.containers.chunks import RIFF, RIFX, W64, Chunk, Layout, padded, sound_stop, walk
from asd_core.audio.containers.pieces import Bytes, Mended
from asd_core.audio.containers.tags import is_container

_UNKNOWN = 0xFFFFFFFF  # a 32-bit size that stands in a ds64 chunk, or was never filled in
_LARGEST_FORMAT = 1 << 12  # bytes: a larger one is a wrong size
_MOST_SOUNDS = 64  # data chunks: each is looked behind, and no recorder writes so many
_SOUGHT = (b"fmt ", b"data")


def mend_riff(data: Bytes, start: int, end: int) -> Mended | None:
    """A WAV file with the sizes that its bytes have; None where there is nothing to mend, or no sound is found.

    Args:
        data: the file.
        start: offset of the container.
        end: offset behind it.
    """
    magic = data[start : start + 4]
    layout = {b"RIFX": RIFX, b"riff": W64}.get(magic, RIFF)
    first = start + (40 if layout is W64 else 12)
    chunks: dict[bytes, Chunk] = {}
    sounds: list[range] = []
    promised, is_sound = 1.0, start == 0 and magic != b"BW64"
    at = first
    for chunk in walk(data, layout, start, first, end, _SOUGHT):
        is_sound = is_sound and chunk.body - layout.head == at
        at = padded(layout, start, chunk)
        if chunk.name != b"data":
            is_sound = is_sound and not (chunk.name == b"fmt " and b"fmt " in chunks)
            chunks.setdefault(chunk.name, chunk)
            continue
        declared = _declared(data, chunk, chunks)
        stop, promised = sound_stop(data, layout, chunk.body, declared, end, _form_end(data, layout, start, chunks))
        is_sound = is_sound and not sounds and b"fmt " in chunks
        is_sound = is_sound and chunk.body + declared == stop and not (layout is W64 and stop < len(data))
        is_sound = is_sound and not is_container(data, stop)
        sounds.append(range(chunk.body, stop))
        if (chunk.body + declared != stop and b"fmt " in chunks) or len(sounds) == _MOST_SOUNDS:
            break
    if is_sound or not sounds or b"fmt " not in chunks:
        return None
    length = sum(map(len, sounds))
    return Mended((_head(data, layout, chunks, length), *sounds, bytes(length % 2)), promised)


def _declared(data: Bytes, chunk: Chunk, chunks: dict[bytes, Chunk]) -> int:
    """Bytes of sound that the header tells."""
    if chunk.size == _UNKNOWN and b"ds64" in chunks:
        body = chunks[b"ds64"].body
        return int.from_bytes(data[body + 8 : body + 16], "little")
    return chunk.size


def _form_end(data: Bytes, layout: Layout, start: int, chunks: dict[bytes, Chunk]) -> int:
    if layout is W64:
        return start + int.from_bytes(data[start + 16 : start + 24], "little")
    size = int.from_bytes(data[start + 4 : start + 8], layout.order)
    if size == _UNKNOWN and b"ds64" in chunks:
        body = chunks[b"ds64"].body
        size = int.from_bytes(data[body : body + 8], "little")
    return start + 8 + size


def _head(data: Bytes, layout: Layout, chunks: dict[bytes, Chunk], sound: int) -> bytes:
    """A header for so many bytes of sound: RIFF, RIFX, or RF64 where 32 bits are not enough."""
    order = layout.order
    kept = b""
    for name in (b"fmt ", b"fact"):
        if name in chunks:
            chunk = chunks[name]
            body = data[chunk.body : chunk.body + (chunk.size if chunk.size < _LARGEST_FORMAT else 16)]
            kept += name + len(body).to_bytes(4, order) + body + bytes(len(body) % 2)
    size = 4 + len(kept) + 8 + sound + sound % 2
    if size <= _UNKNOWN:
        magic = b"RIFX" if layout is RIFX else b"RIFF"
        return magic + size.to_bytes(4, order) + b"WAVE" + kept + b"data" + sound.to_bytes(4, order)
    wide = (size + 36).to_bytes(8, "little") + sound.to_bytes(8, "little") + bytes(12)
    unknown = _UNKNOWN.to_bytes(4, "little")
    ds64 = b"ds64" + len(wide).to_bytes(4, "little") + wide
    return b"RF64" + unknown + b"WAVE" + ds64 + kept + b"data" + unknown
