from __future__ import annotations

import time

import numpy as np
import pytest

from asd_core.audio.containers.flac import behind_damage, first_sample, mend_flac, stream_samples
from asd_core.audio.decoding import decode
from tests.sound_files import ID3V1, RATE, SAMPLES, encode

DATA = encode("FLAC")


def telling(samples: int) -> bytes:
    word = int.from_bytes(DATA[18:26], "big") >> 36 << 36 | samples
    return DATA[:18] + word.to_bytes(8, "big") + DATA[26:]


@pytest.mark.parametrize("told", [0, 5, 10_000, 19_999, 20_000])
@pytest.mark.parametrize("behind", [b"", b"\1", ID3V1, bytes(range(1, 256)) * 20])
def test_every_sample_is_decoded_whatever_the_header_tells_and_whatever_follows(told: int, behind: bytes) -> None:
    decoded = decode(telling(told) + behind, sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)
    assert (decoded.warning, decoded.seconds) == (None, 1.25)


def test_a_length_of_more_than_is_there_is_a_warning() -> None:
    assert (
        decode(telling(40_000), sample_rate=RATE).warning == "truncated: 1.25 s of the 2.50 s that the header promises"
    )


def test_a_right_length_or_none_needs_nothing() -> None:
    for data in (DATA, telling(0), telling(40_000), DATA[:60], b"fLaC"):
        assert mend_flac(data, 0, len(data)) is None


def test_the_frames_behind_a_broken_one_are_a_file_of_their_own() -> None:
    found = behind_damage(DATA, 5000)
    assert found is not None and found.sample == 8192 and DATA[found.offset : found.offset + 2] == b"\xff\xf8"
    cut = found.mended.open(DATA).read()  # it does not tell its length, and its frames do not begin at 0
    assert (first_sample(DATA), first_sample(cut)) == (0, 8192)
    np.testing.assert_array_equal(decode(cut, sample_rate=RATE).samples * 32768, SAMPLES[8192:])
    assert behind_damage(DATA, 20_000) is None and behind_damage(DATA, 0, found.offset) == found
    assert behind_damage(b"fLaC", 0) is None and first_sample(b"fLaC") == 0


def test_a_length_is_counted_through_all_sizes_of_frame_numbers() -> None:
    data = encode("FLAC", np.tile(SAMPLES, 60))  # frame numbers of one, two and more bytes
    word = int.from_bytes(data[18:26], "big") >> 36 << 36 | 100
    decoded = decode(data[:18] + word.to_bytes(8, "big") + data[26:], sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, np.tile(SAMPLES, 60))


def test_the_samples_of_a_stream_are_told_by_its_last_frame() -> None:
    behind = behind_damage(DATA, 5000)
    assert behind is not None
    cut = behind.mended.open(DATA).read()
    assert (stream_samples(DATA), stream_samples(cut), stream_samples(b"fLaC")) == (20_000, 20_000 - 8192, None)


def test_bytes_that_look_like_a_million_frames_are_given_up_on_at_once() -> None:
    bait = DATA[:42] + b"\xff\xf8\xc9\x08\x00\x01" * 1_000_000
    began = time.process_time()
    assert behind_damage(bait, 0) is None and time.process_time() - began < 2.0
