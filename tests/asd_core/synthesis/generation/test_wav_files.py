"""WAV files of generated clips."""

import io

import numpy as np
import pytest
import soundfile

from asd_core.errors import ClipError
from asd_core.synthesis.generation.wav_files import check_usable, wav_bytes


def test_a_file_holds_the_samples_to_the_bit_and_no_time_of_day():
    sound = np.random.default_rng(0).standard_normal(800).astype(np.float32)
    data = wav_bytes(sound, 16_000)
    back, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == 16_000 and back.tobytes() == sound.tobytes()
    assert b"PEAK" not in data and data == wav_bytes(sound.copy(), 16_000)


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        ([0.0] * 9, "silent"),
        ([0.3] * 9, "silent"),
        ([1e-5, -1e-5], "silent"),
        ([0.1, np.nan], "not_finite"),
        ([np.inf, 0.1], "not_finite"),
        ([], "not_finite"),
    ],
)
def test_no_file_is_made_of_samples_without_sound(sound, reason):
    with pytest.raises(ClipError) as caught:
        check_usable(np.array(sound, np.float32))
    assert caught.value.reason == reason


def test_the_quietest_clip_of_sixteen_bits_is_usable():
    check_usable(np.array([0, 2.0**-15, 0], np.float32))
