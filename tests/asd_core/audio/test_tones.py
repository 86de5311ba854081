import numpy as np
import pytest

from asd_core.audio.power_density import power_density
from asd_core.audio.tones import find_tones
from tests.known_changes import RATE, TIME


def noise(seed=0):
    return 0.02 * np.random.default_rng(seed).standard_normal(TIME.size)


def tones_of(sound):
    return find_tones(power_density(sound.astype(np.float32), RATE))


def wavering(hertz, share, pace):
    return 0.04 * np.sin(2 * np.pi * hertz * (TIME - share / (2 * np.pi * pace) * np.cos(2 * np.pi * pace * TIME)))


@pytest.mark.parametrize(("share", "pace"), [(0.01, 0.7), (0.02, 3.0), (0.04, 0.3)])
def test_a_tone_that_wavers_is_one_tone_in_the_middle_of_its_range(share, pace):
    (tone,) = tones_of(noise() + wavering(2500, share, pace))
    assert tone.frequency == pytest.approx(2500, rel=0.01)
    assert tone.wavering == pytest.approx(share, rel=0.2)


@pytest.mark.parametrize("share", [0.0, 0.02])
def test_the_level_of_a_tone_is_its_own_whether_it_wavers_or_not(share):
    tone = tones_of(noise() + wavering(2500, share, 0.7))[0]
    assert tone.level == pytest.approx(10 * np.log10(0.04**2 / 2), abs=0.5)


def test_a_tone_that_sounds_for_a_part_of_the_time_says_so():
    beep = 0.1 * np.sin(2 * np.pi * 1200 * TIME) * (TIME < 2)
    assert tones_of(noise() + beep)[0].presence == pytest.approx(0.2, abs=0.08)
    assert tones_of(noise() + wavering(1200, 0.0, 1.0))[0].presence == 1.0


def test_the_edge_of_what_a_recording_holds_is_no_tone():
    spectrum = np.fft.rfft(noise())
    cut = np.where(np.arange(spectrum.size) / TIME[-1] < 7270, spectrum, 0)
    assert tones_of(np.fft.irfft(cut)) == ()


def test_lines_that_lie_apart_are_tones_of_their_own():
    found = tones_of(noise() + sum(0.05 * np.sin(2 * np.pi * f * TIME) for f in (380, 400, 420)))
    assert sorted(round(tone.frequency) for tone in found) == [380, 400, 420]
