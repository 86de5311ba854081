"""AIFF and AIFF-C: ``FORM``, with the sound behind eight bytes of an ``SSND`` chunk."""

from __future__ import annotations

from asd_core.audio.containers.chunks import RIFX, Chunk, padded, sound_stop, walk
from asd_core.audio.containers.pieces import Bytes, Mended
from asd_core.audio.containers.tags import is_container

_SOUGHT = (b"COMM", b"SSND")


def mend_aiff(data: Bytes, start: int, end: int) -> Mended | None:
    """An AIFF file with the sizes that its bytes have; None where there is nothing to mend, or no sound is found.

    Args:
        data: the file.
        start: offset of the container.
        end: offset behind it.
    """
    form_end = start + 8 + int.from_bytes(data[start + 4 : start + 8], "big")
    common: Chunk | None = None
    sound: range | None = None
    promised, is_sound, at = 1.0, start == 0, start + 12
    for chunk in walk(data, RIFX, start, at, end, _SOUGHT):
        is_sound = is_sound and chunk.body - RIFX.head == at
        at = padded(RIFX, start, chunk)
        if chunk.name == b"COMM":
            common = common or chunk
        elif chunk.name == b"SSND" and sound is None:
            offset = int.from_bytes(data[chunk.body : chunk.body + 4], "big")
            begin, declared = chunk.body + 8 + offset, chunk.size - 8 - offset
            if begin > end:
                return None
            stop, promised = sound_stop(data, RIFX, begin, declared, end, form_end)
            is_sound = is_sound and begin + declared == stop and not is_container(data, stop)
            sound = range(begin, stop)
            if begin + declared != stop and common is not None:
                break
    if is_sound or sound is None or common is None:
        return None
    form = data[start + 8 : start + 12]
    kept = b"COMM" + common.size.to_bytes(4, "big") + data[common.body : common.body + common.size]
    kept += bytes(common.size % 2)
    size = 4 + len(kept) + 16 + len(sound)
    if size > 0xFFFFFFFF:  # no AIFF file can say so: it is left as it is
        return None
    head = b"FORM" + size.to_bytes(4, "big") + form + kept + b"SSND" + (8 + len(sound)).to_bytes(4, "big") + bytes(8)
    return Mended((head, sound), promised)
