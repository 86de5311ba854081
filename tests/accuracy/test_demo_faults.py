import numpy as np
import pytest

from tests.accuracy.demo_faults import largest_rise, lines


def test_a_tone_in_noise_rises_by_its_level_over_the_noise_of_its_line():
    noise = np.random.default_rng(0).standard_normal((9, 160_000)) * 0.1
    tone = 0.1 * np.sqrt(2) * np.sin(np.arange(160_000) * 2 * np.pi * 2000 / 16_000)
    rise, hertz = largest_rise([lines(noise[0] + tone)], [lines(one) for one in noise[1:]], 16_000)
    # As much power as the noise: over a line of noise by half the window, less the 1.8 dB that a Hann window spreads.
    assert hertz == 2000 and rise == pytest.approx(10 * np.log10(1024 / 1.5), abs=0.7)
