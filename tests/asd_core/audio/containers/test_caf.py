from __future__ import annotations

import numpy as np
import pytest

from asd_core.audio.containers.caf import mend_caf
from asd_core.audio.decoding import decode
from tests.sound_files import APE_BEHIND, RATE, SAMPLES, encode, patched

DATA = encode("CAF")
SIZE = DATA.index(b"data") + 4


@pytest.mark.parametrize("told", [0, 4, 20_000, 2**63 - 1, 2**64 - 1])
@pytest.mark.parametrize("behind", [b"", APE_BEHIND])
def test_a_wrong_size_of_the_sound_is_that_of_the_bytes(told: int, behind: bytes) -> None:
    decoded = decode(patched(DATA, SIZE, told, 8, "big") + behind, sample_rate=RATE)
    np.testing.assert_array_equal(decoded.samples * 32768, SAMPLES)
    assert decoded.warning is None


def test_a_chunk_behind_the_sound_is_none_of_it() -> None:
    info = b"info" + (30).to_bytes(8, "big") + bytes(30)
    np.testing.assert_array_equal(decode(DATA + info, sample_rate=RATE).samples * 32768, SAMPLES)


def test_a_right_size_needs_nothing() -> None:
    for data in (DATA, DATA[:SIZE], b"caff", DATA[: SIZE + 9]):
        assert mend_caf(data, 0, len(data)) is None
