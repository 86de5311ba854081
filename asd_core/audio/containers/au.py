"""AU (.snd): a header of 24 bytes or more, then sound up to the end."""

from __future__ import annotations

from asd_core.audio.containers.chunks import RIFX, sound_stop
from asd_core.audio.containers.pieces import Bytes, Mended

_UP_TO_THE_END = 0xFFFFFFFF


def mend_au(data: Bytes, start: int, end: int) -> Mended | None:
    """An AU file with the size that its bytes have; None where there is nothing to mend.

    Args:
        data: the file.
        start: offset of the container.
        end: offset behind it.
    """
    order = RIFX.order if data[start : start + 4] == b".snd" else "little"
    begin = start + int.from_bytes(data[start + 4 : start + 8], order)
    declared = int.from_bytes(data[start + 8 : start + 12], order)
    if not start + 24 <= begin <= end:
        return None
    stop, promised = sound_stop(data, RIFX, begin, declared, end, None)
    if start == 0 and stop == len(data) and declared in (stop - begin, _UP_TO_THE_END):
        return None
    size = min(stop - begin, _UP_TO_THE_END)
    head = data[start : start + 8] + size.to_bytes(4, order) + data[start + 12 : begin]
    return Mended((head, range(begin, stop)), promised)
