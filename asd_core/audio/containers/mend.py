"""A recording's file as a decoder should see it: without tags around it, and with the sizes that its bytes have.

libsndfile takes sizes at their word. Sound beyond them is not decoded, tags within them are decoded as sound, and
behind a tag a file of some formats is cut short or not recognised. Files without such a fault are passed on as they
are, to the byte.
"""

from __future__ import annotations

from collections.abc import Callable

from asd_core.audio.containers.aiff import mend_aiff
from asd_core.audio.containers.au import mend_au
from asd_core.audio.containers.caf import mend_caf
from asd_core.audio.containers.flac import mend_flac
from asd_core.audio.containers.ogg import mend_ogg
from asd_core.audio.containers.pieces import Bytes, Mended
from asd_core.audio.containers.riff import mend_riff
from asd_core.audio.containers.tags import sound_end, sound_start

_MENDERS: dict[bytes, Callable[[Bytes, int, int], Mended | None]] = {
    b"RIFF": mend_riff,
    b"RIFX": mend_riff,
    b"RF64": mend_riff,
    b"BW64": mend_riff,
    b"riff": mend_riff,
    b"FORM": mend_aiff,
    b".snd": mend_au,
    b"dns.": mend_au,
    b"caff": mend_caf,
    b"fLaC": mend_flac,
    b"OggS": mend_ogg,
}


def mend(data: Bytes) -> Mended:
    """The recording in a file's bytes. Nothing is refused: what is no recording is passed on as it is."""
    start = sound_start(data)
    end = sound_end(data, start)
    mender = _MENDERS.get(data[start : start + 4])
    mended = mender(data, start, end) if mender else None
    return mended or Mended((range(start, len(data)),))
