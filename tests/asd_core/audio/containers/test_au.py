from __future__ import annotations

import numpy as np
import pytest

from asd_core.audio.containers.au import mend_au
from asd_core.audio.decoding import decode
from tests.sound_files import ID3V1, RATE, SAMPLES, encode, patched

DATA = encode("AU")


@pytest.mark.parametrize("told", [0, 20_000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF])
@pytest.mark.parametrize("behind", [b"", ID3V1])
def test_a_wrong_size_of_the_sound_is_that_of_the_bytes(told: int, behind: bytes) -> None:
    decoded = decode(patched(DATA, 8, told, order="big") + behind, sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)
    assert decoded.warning is None


def test_little_endian_headers_are_read_too() -> None:
    words = b"".join(DATA[at : at + 4][::-1] for at in range(4, 24, 4))
    data = patched(b"dns." + words, 8, 0) + SAMPLES.tobytes()
    np.testing.assert_array_equal(decode(data, sample_rate=RATE).samples * 32768, SAMPLES)


def test_a_right_size_and_one_that_means_up_to_the_end_need_nothing() -> None:
    for data in (
        DATA,
        patched(DATA, 8, 0xFFFFFFFF, order="big"),
        b".snd" + bytes(4),
        patched(DATA, 4, 1 << 30, order="big"),
    ):
        assert mend_au(data, 0, len(data)) is None
