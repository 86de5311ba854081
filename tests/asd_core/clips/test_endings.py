from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from asd_core.clips.endings import DECODED, UNDECODED, ending, is_decoded, is_undecoded, kinds

# Formats of libsndfile whose files bear no ending of their own, tell no rate, or are more than one file.
OTHERS = {"RAW", "SD2", "MAT4", "MAT5", "MPC2K", "WAVEX"}


def test_every_format_that_libsndfile_decodes_has_an_ending() -> None:
    named = {"SVX": "svx", "NIST": "nist", "IRCAM": "ircam"}
    formats = set(soundfile.available_formats()) - OTHERS
    assert {name for name in formats if named.get(name, name.lower()) not in DECODED | {"aiff"}} == set()


@pytest.mark.parametrize("form", ["AVR", "HTK", "SVX", "PAF", "PVF", "SDS", "IRCAM", "VOC", "NIST", "WVE", "XI"])
def test_rare_formats_are_recognised_by_their_bytes(form: str) -> None:
    file = io.BytesIO()
    subtype = {"WVE": "ALAW", "XI": "DPCM_16"}.get(form, "PCM_16")
    soundfile.write(file, np.zeros(800, np.int16), 8000, format=form, subtype=subtype)
    assert len(soundfile.read(io.BytesIO(file.getvalue()))[0]) >= 800


def test_case_and_dots_in_folders_do_not_matter() -> None:
    assert [ending(path) for path in ("a/b.WAV", "a.b/c", ".wav", "a.", "a/b.c.Flac")] == ["wav", "", "", "", "flac"]
    assert is_decoded("x/Aufnahme 1.AIFF") and is_undecoded("x.M4A") and not is_decoded("x.wav.part")
    assert not DECODED & UNDECODED


def test_kinds_are_counted_the_most_frequent_first() -> None:
    assert kinds(["a/x.json", "b.m4a", "c.M4A"]) == "(2 .m4a, 1 .json), such as b.m4a"
    assert kinds(["README", "a.csv", "b.csv"]) == "(2 .csv, 1 without an ending), such as a.csv"
    assert kinds([f"x.{i}" for i in "abcde"]) == "(1 .a, 1 .b, 1 .c, 2 more endings), such as x.a"
