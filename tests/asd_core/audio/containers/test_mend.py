"""Every sample that was written is decoded, whatever stands around it and whatever the sizes say."""

from __future__ import annotations

import struct
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.audio.containers.mend import mend
from asd_core.audio.decoding import decode
from tests.sound_files import (
    APE_BEHIND,
    ID3,
    ID3V1,
    LIST,
    LOSSLESS,
    RATE,
    SAMPLES,
    encode,
    patched,
)

BEFORE = {"ID3": ID3, "two ID3": ID3 + ID3, "padded ID3": ID3 + bytes(512), "zeros": bytes(4096)}
BEFORE["APE"] = b"APETAGEX" + struct.pack("<IIII", 2000, 500, 0, 0xA0000000) + bytes(8 + 500)
BEHIND = {"ID3v1": ID3V1, "APE and ID3v1": APE_BEHIND + ID3V1, "LIST": LIST, "zeros": bytes(5000), "ID3v2": ID3}
BEHIND |= {"a byte": b"\1", "others": bytes(range(1, 256)) * 20, "Lyrics3": b"LYRICSBEGIN" + b"000011LYRICS200"}


def test_a_sound_file_is_passed_on_as_it_is() -> None:
    for form in (*LOSSLESS, "OGG", "MP3"):
        data = encode(form)
        assert mend(data).pieces == (range(len(data)),)


@pytest.mark.parametrize(("form", "before"), list(product(LOSSLESS, BEFORE)))
def test_tags_before_the_sound_are_passed_over(form: str, before: str) -> None:
    assert_whole(BEFORE[before] + encode(form))


@pytest.mark.parametrize(("form", "behind"), list(product(LOSSLESS, BEHIND)))
def test_bytes_behind_the_sound_are_no_sound_and_cost_none(form: str, behind: str) -> None:
    assert_whole(encode(form) + BEHIND[behind])


@pytest.mark.parametrize("form", ["OGG", "MP3"])
@pytest.mark.parametrize("around", [(ID3, b""), (ID3 + bytes(512), ID3V1), (b"", APE_BEHIND), (b"", b"\1" * 5000)])
def test_lossy_files_decode_the_same_with_tags_around_them(form: str, around: tuple[bytes, bytes]) -> None:
    data = encode(form)
    alone, tagged = (decode(each, sample_rate=RATE) for each in (data, around[0] + data + around[1]))
    assert np.array_equal(alone.samples, tagged.samples) and tagged.warning is None


SIZES = {"WAV": (40, 4, "little"), "AIFF": (42, 4, "big"), "AU": (8, 4, "big"), "W64": (96, 8, "little")}
SIZES["CAF"] = (4084, 8, "big")


@pytest.mark.parametrize("form", SIZES)
@pytest.mark.parametrize("behind", [b"", ID3V1, LIST, LIST + ID3V1], ids=["nothing", "ID3v1", "LIST", "both"])
@pytest.mark.parametrize("filled", ["zeros", "ones", "most"])
def test_a_size_that_was_never_filled_in_is_that_of_the_bytes(form: str, behind: bytes, filled: str) -> None:
    at, size, order = SIZES[form]
    value = {"zeros": 0, "ones": (1 << 8 * size) - 1, "most": (1 << 8 * size - 1) - 1}[filled]
    assert_whole(patched(encode(form), at, value, size, order) + behind)


@given(form=st.sampled_from(sorted(SIZES)), told=st.integers(24, 31_000))
@settings(max_examples=40, deadline=None)
def test_a_size_of_before_the_recorder_broke_off_does_not_end_the_sound(form: str, told: int) -> None:
    at, size, order = SIZES[form]
    assert_whole(patched(encode(form), at, told, size, order))


@given(form=st.sampled_from(LOSSLESS[:7]), cut=st.integers(2, 39_000))
@settings(max_examples=40, deadline=None)
def test_a_file_cut_short_gives_each_sample_that_is_left_with_a_warning(form: str, cut: int) -> None:
    decoded = decode(encode(form)[:-cut], sample_rate=RATE)
    left = (len(SAMPLES) * 2 - cut) // 2
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES[:left])
    assert decoded.warning is not None and decoded.warning.startswith("truncated: ")


@given(
    form=st.sampled_from((*LOSSLESS, "OGG", "MP3")),
    changes=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4),
    length=st.integers(0, 2000),
    around=st.sampled_from([(b"", b""), (ID3, b""), (b"ID3\x04", b"3DI" + bytes(7)), (bytes(90), b"999999LYRICS200")]),
)
@settings(max_examples=200, deadline=None)
def test_any_bytes_lead_to_pieces_within_the_file(
    form: str, changes: list[tuple[int, int]], length: int, around: tuple[bytes, bytes]
) -> None:
    broken = bytearray(SMALL[form][:length])
    for at, value in changes:
        broken[at : at + 1] = bytes([value])
    data = around[0] + bytes(broken) + around[1]
    mended = mend(data)
    assert all(0 <= piece.start <= piece.stop <= len(data) for piece in mended.pieces if isinstance(piece, range))
    assert mended.promised >= 1.0 and len(mended.open(data).read()) == sum(map(len, mended.pieces))


SMALL = {form: encode(form, SAMPLES[:800]) for form in (*LOSSLESS, "OGG", "MP3")}


def assert_whole(data: bytes) -> None:
    decoded = decode(data, sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)
    assert decoded.warning is None
