from __future__ import annotations

import numpy as np
import pytest

from asd_core.errors import AsdError, ClipError
from asd_core.synthesis.generated_clips import level_db, match_level, median_level_db, remove_silence
from asd_core.synthesis.signals import Samples

NOISE = (0.01 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32)


@pytest.mark.parametrize("target", [-60.0, -30.0, -20.0])
def test_a_recording_is_brought_to_the_level_by_one_factor(target: float) -> None:
    matched, short = match_level(NOISE, target)
    assert level_db(matched) == pytest.approx(target, abs=1e-4) and short == 0
    np.testing.assert_allclose(matched / NOISE, matched[0] / NOISE[0], rtol=1e-5)


def test_a_recording_with_high_peaks_stays_below_the_level_by_what_is_said() -> None:
    click = NOISE.copy()
    click[100] = 0.5
    matched, short = match_level(click, -20.0)
    assert np.abs(matched).max() == pytest.approx(1, abs=1e-6)
    assert level_db(matched) == pytest.approx(-20 - short, abs=1e-4) and short > 5


def test_full_scale_is_0_db_and_a_sine_is_3_db_below() -> None:
    assert level_db(np.ones(100, np.float32)) == pytest.approx(0, abs=1e-6)
    assert level_db(np.sin(2 * np.pi * np.arange(1600) / 16).astype(np.float32)) == pytest.approx(-3.01, abs=0.01)


def test_zeros_have_no_level_to_change() -> None:
    with pytest.raises(ClipError) as caught:
        match_level(np.zeros(100, np.float32), -30)
    assert caught.value.reason == "silent"


def test_the_median_leaves_out_what_was_not_heard() -> None:
    assert median_level_db([-30.0, None, -20.0, -10.0, None]) == -20
    with pytest.raises(AsdError, match="no normal clip has a level"):
        median_level_db([None])


RATE = 16000


def noise(seconds: float, level_db: float = -20.0, seed: int = 0) -> Samples:
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE))
    return (samples * 10 ** (level_db / 20)).astype(np.float32)


def test_a_recording_without_silence_is_left_as_it_is() -> None:
    np.testing.assert_array_equal(remove_silence(noise(3.003), RATE), noise(3.003))


@pytest.mark.parametrize("level_db", [-200.0, -70.0])
def test_silence_at_both_ends_and_in_the_middle_goes_and_the_sound_stays(level_db: float) -> None:
    sound, gap = noise(1.0), noise(0.5, level_db, seed=1)
    left = remove_silence(np.concatenate([gap, sound, gap, sound, gap]), RATE)
    np.testing.assert_array_equal(left, np.concatenate([sound, sound]))


def test_a_pause_shorter_than_a_fifth_of_a_second_stays() -> None:
    pausing = np.concatenate([noise(1.0), np.zeros(round(0.18 * RATE), np.float32), noise(1.0)])
    np.testing.assert_array_equal(remove_silence(pausing, RATE), pausing)


def test_the_quiet_between_the_strokes_of_a_machine_stays() -> None:
    strokes = np.concatenate([noise(0.3), noise(0.7, -55.0)] * 3)
    np.testing.assert_array_equal(remove_silence(strokes, RATE), strokes)


def test_a_click_is_no_measure_of_what_is_loud() -> None:
    clicked = noise(3.0, -50.0)
    clicked[16000] = 1.0
    np.testing.assert_array_equal(remove_silence(clicked, RATE), clicked)


def test_a_gain_changes_nothing_about_what_is_cut() -> None:
    gappy = np.concatenate([noise(1.0), noise(0.5, -80.0), noise(1.0)])
    np.testing.assert_array_equal(remove_silence(gappy / 64, RATE) * 64, remove_silence(gappy, RATE))


def test_silence_is_told_from_too_little_sound() -> None:
    with pytest.raises(ClipError) as nothing:
        remove_silence(np.zeros(RATE, np.float32), RATE)
    blip = np.concatenate([np.zeros(3 * RATE, np.float32), noise(0.3)])
    with pytest.raises(ClipError, match="0.3. s of 3.30 s") as little:
        remove_silence(blip, RATE)
    assert (nothing.value.reason, little.value.reason) == ("silent", "too_short")
