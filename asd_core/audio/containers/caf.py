"""CAF: Apple's Core Audio Format. Its ``data`` chunk may have the size -1 and then ends with the file."""

from __future__ import annotations

from asd_core.audio.containers.chunks import CAF, sound_stop, walk
from asd_core.audio.containers.pieces import Bytes, Mended

_EDITS = 4  # bytes of the data chunk before its first sample: a count of edits
_SOUGHT = (b"data",)


def mend_caf(data: Bytes, start: int, end: int) -> Mended | None:
    """A CAF file with the size that its bytes have; None where there is nothing to mend, or no sound is found.

    Args:
        data: the file.
        start: offset of the container.
        end: offset behind it.
    """
    for chunk in walk(data, CAF, start, start + 8, end, _SOUGHT):
        if chunk.name != b"data":
            continue
        begin, declared = chunk.body + _EDITS, chunk.size - _EDITS
        stop, promised = sound_stop(data, CAF, begin, declared, end, None)
        if begin > end or begin + declared == stop:
            break
        head = data[start : chunk.body - 8] + (_EDITS + stop - begin).to_bytes(8, "big") + data[chunk.body : begin]
        return Mended((head, range(begin, stop)), promised)
    return None
