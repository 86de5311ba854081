"""Endings of file names: recordings that can be decoded, audio that cannot, and all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

DECODED = frozenset(
    (
        *("wav", "wave", "bwf", "rf64", "bw64", "w64"),
        *("flac", "ogg", "oga", "opus", "mp3", "mp2", "mpga"),
        *("aif", "aiff", "aifc", "caf", "au", "snd", "8svx", "16svx", "svx"),
        *("avr", "fap", "htk", "ircam", "nist", "paf", "pvf", "sds", "sf", "sph", "voc", "wve", "xi"),
    )
)
"""Endings of the formats that libsndfile decodes, in lower case.

Two are left out: ``.raw`` does not tell its rate, and a ``.mat`` file of MATLAB is seldom a recording.
"""

UNDECODED = frozenset(
    (
        *("m4a", "m4b", "m4p", "m4r", "mp4", "3ga", "3gp", "aac", "alac", "amr", "awb", "qcp", "gsm", "spx"),
        *("wma", "asf", "ra", "rm", "mka", "webm", "weba", "ac3", "eac3", "dts", "aa", "aax"),
        *("ape", "mpc", "ofr", "tak", "tta", "wv", "dff", "dsf"),
    )
)
"""Endings of audio that libsndfile does not decode, in lower case."""

_PACKED = frozenset(("zip", "7z", "rar", "tar", "tgz", "gz", "bz2", "xz", "zst"))
_SHOWN = 3  # endings


def ending(path: str) -> str:
    """The ending of a file's name in lower case, without its dot; "" where it has none."""
    stem, dot, last = path.rpartition("/")[2].rpartition(".")
    return last.lower() if dot and stem else ""


def is_decoded(path: str) -> bool:
    """True for the name of a recording that can be decoded."""
    return ending(path) in DECODED


def is_undecoded(path: str) -> bool:
    """True for the name of a recording of a format that cannot be decoded."""
    return ending(path) in UNDECODED


def is_packed(path: str) -> bool:
    """True for the name of a file that holds others, such as a downloaded data set."""
    return ending(path) in _PACKED


def kinds(paths: Sequence[str]) -> str:
    """The endings of some files, most frequent first, and one of the files: ``(2 .m4a, 1 .json), such as a/b.m4a``."""
    counts = Counter(map(ending, paths)).most_common()
    shown = [f"{count} .{name}" if name else f"{count} without an ending" for name, count in counts[:_SHOWN]]
    more = [f"{len(counts) - _SHOWN} more endings"] if len(counts) > _SHOWN else []
    first = next(path for path in paths if ending(path) == counts[0][0])
    return f"({', '.join(shown + more)}), such as {first}"
