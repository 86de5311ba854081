from __future__ import annotations

import numpy as np
import pytest

from asd_core.audio.containers.aiff import mend_aiff
from asd_core.audio.decoding import decode
from tests.sound_files import ID3, RATE, SAMPLES, encode, patched

DATA = encode("AIFF")
SSND = DATA.index(b"SSND")


@pytest.mark.parametrize("told", [0, 8, 20_008, 0x7F000000, 0xFFFFFFFF])
def test_a_wrong_size_of_the_sound_is_that_of_the_bytes(told: int) -> None:
    decoded = decode(patched(DATA, SSND + 4, told, order="big"), sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)
    assert decoded.warning is None


def test_other_chunks_and_files_behind_the_sound_are_none_of_it() -> None:
    tag = b"ID3 " + len(ID3).to_bytes(4, "big") + ID3
    for data in (patched(DATA, SSND + 4, 0, order="big") + tag, DATA + tag, DATA + DATA):
        decoded = decode(data, sample_rate=RATE)
        np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)
        assert decoded.warning is None


def test_sound_begins_behind_the_offset_that_its_chunk_tells() -> None:
    data = patched(patched(DATA, SSND + 8, 20, order="big"), SSND + 4, 0, order="big")
    np.testing.assert_array_equal(decode(data, sample_rate=RATE).samples * 32768, SAMPLES[10:])


def test_a_tag_before_it_is_passed_over_and_its_floats_stay_floats() -> None:
    samples = SAMPLES / np.float32(65536)
    decoded = decode(ID3 + encode("AIFF", samples, "FLOAT"), sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples, samples)


def test_a_file_without_sound_or_of_an_offset_beyond_it_is_left_to_the_decoder() -> None:
    for data in (DATA, DATA[:SSND], b"FORM", patched(DATA, SSND + 8, 1 << 30, order="big")):
        assert mend_aiff(data, 0, len(data)) is None
