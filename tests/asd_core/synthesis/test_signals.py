from __future__ import annotations

import numpy as np
import pytest

from asd_core.synthesis.signals import bursts, filtered, frequencies, ringing, rms, shaped_noise, tones, unit_rms

RATE, COUNT = 16000, 32000


def spectrum(samples: np.ndarray) -> np.ndarray:
    """Amplitude of a tone in each bin."""
    amplitudes: np.ndarray = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples)))) * 4 / len(samples)
    return amplitudes


def test_tones_lie_at_the_harmonics_with_their_amplitudes_and_nowhere_else() -> None:
    seconds = np.arange(COUNT) / RATE
    amplitudes = spectrum(tones(500 * seconds, (1.0, 0.5, 0.25), np.random.default_rng(0)))
    np.testing.assert_allclose(amplitudes[[1000, 2000, 3000]], [1.0, 0.5, 0.25], rtol=1e-3)
    for peak in (1000, 2000, 3000):
        amplitudes[peak - 3 : peak + 4] = 0
    assert amplitudes.max() < 1e-4


def test_tones_equal_cosines_summed_one_by_one() -> None:
    turns = 40 * np.arange(COUNT) / RATE + 0.01 * np.sin(np.arange(COUNT) / 1000)
    phases = 2 * np.pi * np.random.default_rng(3).random(2)
    expected = np.cos(2 * np.pi * turns + phases[0]) + 0.3 * np.cos(4 * np.pi * turns + phases[1])
    np.testing.assert_allclose(tones(turns, (1.0, 0.3), np.random.default_rng(3)), expected, atol=1e-5)


@pytest.mark.parametrize("count", [32000, 31999])
def test_shaped_noise_has_unit_rms_and_nothing_where_its_shape_is_zero(count: int) -> None:
    hertz = frequencies(count, RATE)
    noise = shaped_noise((hertz > 4000).astype(np.float32), count, np.random.default_rng(0))
    assert len(noise) == count and rms(noise) == pytest.approx(1, rel=1e-5)
    assert rms(filtered(noise, (hertz < 3900).astype(np.float32))) < 1e-5


def test_bursts_start_when_they_should_and_those_outside_are_left_out() -> None:
    kernel = np.array([1.0, 0.5], np.float32)
    sound = bursts(np.array([-1.0, 0.5, 1.0, 2.5]), np.array([1.0, 2.0, 3.0, 4.0]), kernel, COUNT, RATE)
    assert np.flatnonzero(np.abs(sound) > 1e-5).tolist() == [8000, 8001, 16000, 16001]
    np.testing.assert_allclose(sound[[8000, 8001, 16000]], [2.0, 1.0, 3.0], atol=1e-5)


def test_a_resonance_falls_by_e_in_its_decay_time() -> None:
    sound = ringing(1000, 0.01, RATE)  # 160 samples of decay are ten whole periods
    assert rms(sound[160:320]) / rms(sound[:160]) == pytest.approx(np.exp(-1), rel=1e-3)


def test_silence_has_no_level_to_bring_to_one() -> None:
    np.testing.assert_array_equal(unit_rms(np.zeros(5, np.float32)), np.zeros(5))
