"""Each fault does what it says, by its amount, and nothing else; measured by the measures that captions use."""

from __future__ import annotations

import numpy as np
import pytest

from asd_core.audio.measures import measure
from asd_core.synthesis.anomalies import (
    STALL_DROP_DB,
    add_hum,
    add_knocks,
    add_rattle,
    add_squeal,
    change_level,
    change_speed,
    lose_band,
    own_level,
    stall,
    within_full_scale,
)
from asd_core.synthesis.signals import Samples, filtered, frequencies, rms

RATE, COUNT = 16000, 96000


def drawn() -> np.random.Generator:
    return np.random.default_rng(5)


def noise(level: float = 0.02) -> Samples:
    return (level * np.random.default_rng(1).standard_normal(COUNT)).astype(np.float32)


def sine(hertz: float) -> Samples:
    return (0.1 * np.sin(2 * np.pi * hertz * np.arange(COUNT) / RATE)).astype(np.float32)


def swelling() -> Samples:
    return (noise() * (1 + 0.8 * np.sin(2 * np.pi * 4 * np.arange(COUNT) / RATE))).astype(np.float32)


def level_db(samples: Samples) -> float:
    return float(20 * np.log10(rms(samples)))


@pytest.mark.parametrize("peak_db", [12.0, 20.0, 27.0])
def test_knocks_stand_above_the_recording_by_their_peak(peak_db: float) -> None:
    added = add_knocks(noise(), RATE, drawn(), peak_db=peak_db, per_second=4.0, hertz=2000.0) - noise()
    assert 20 * np.log10(np.abs(added).max() / own_level(noise())) == pytest.approx(peak_db, abs=0.2)


@pytest.mark.parametrize("per_second", [2.0, 5.0, 9.0])
def test_knocks_are_as_many_impulses_a_second_as_asked_for(per_second: float) -> None:
    knocking = add_knocks(noise(), RATE, drawn(), peak_db=27, per_second=per_second, hertz=2000.0)
    assert measure(knocking, RATE).impulse_rate == pytest.approx(per_second, abs=0.2)
    assert measure(noise(), RATE).impulse_rate == 0


def test_knocks_raise_kurtosis_to_what_their_fourth_moment_says() -> None:
    quiet = noise()
    added = (add_knocks(quiet, RATE, drawn(), peak_db=24, per_second=6.0, hertz=3000.0) - quiet).astype(np.float64)
    variance, power, fourth = quiet.var(), np.mean(added**2), np.mean(added**4)
    # Of the sum of independent parts: E(x + y)^4 = 3 v^2 + 6 v p + f for Gaussian x.
    expected = (3 * variance**2 + 6 * variance * power + fourth) / (variance + power) ** 2 - 3
    assert measure(quiet + added.astype(np.float32), RATE).kurtosis == pytest.approx(expected, rel=0.05)


@pytest.mark.parametrize("level", [-18.0, -6.0, 0.0])
def test_rattle_has_its_level_against_the_recording(level: float) -> None:
    added = add_rattle(noise(), RATE, drawn(), level_db=level, per_second=8.0) - noise()
    assert level_db(added) - level_db(noise()) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("prominence", [6.0, 15.0, 24.0])
def test_a_squeal_is_a_line_at_its_frequency_with_its_prominence(prominence: float) -> None:
    tone = measure(add_squeal(noise(), RATE, drawn(), prominence_db=prominence, hertz=2345.0), RATE).tones[0]
    assert tone.frequency == pytest.approx(2345, abs=1)
    assert tone.prominence == pytest.approx(prominence, abs=0.8)


def test_hum_is_a_steady_line_with_harmonics() -> None:
    humming = add_hum(noise(), RATE, drawn(), prominence_db=15.0, hertz=100.0)
    found = {round(tone.frequency): tone.prominence for tone in measure(humming, RATE).tones}
    assert found[100] == pytest.approx(15, abs=1) and {200, 300, 400} <= found.keys()


def test_prominence_is_over_the_noise_of_its_own_band_and_not_over_the_recording() -> None:
    dull = filtered(noise(), (1 / (1 + (frequencies(COUNT, RATE) / 300) ** 2)).astype(np.float32))
    tone = measure(add_squeal(dull, RATE, drawn(), prominence_db=12.0, hertz=3000.0), RATE).tones[0]
    assert tone.frequency == pytest.approx(3000, abs=1) and tone.prominence == pytest.approx(12, abs=1)


@pytest.mark.parametrize("loss_db", [3.0, 12.0, 30.0])
def test_a_lost_band_is_quieter_by_its_loss_and_the_rest_is_untouched(loss_db: float) -> None:
    before = np.abs(np.fft.rfft(noise()))
    after = np.abs(np.fft.rfft(lose_band(noise(), RATE, loss_db=loss_db, middle_hz=1000.0)))
    octaves = np.abs(np.log2(np.maximum(frequencies(COUNT, RATE), 1e-3) / 1000))
    np.testing.assert_allclose(after[octaves > 0.501], before[octaves > 0.501], rtol=1e-3, atol=1e-3)
    middle = octaves < 1 / 3
    assert 20 * np.log10(before[middle].sum() / after[middle].sum()) == pytest.approx(loss_db, abs=0.02)


def test_a_stall_of_all_the_recording_removes_its_modulation() -> None:
    stalled = measure(stall(swelling(), RATE, drawn(), share=1.0), RATE)
    assert measure(swelling(), RATE).swellings[0].depth > 0.6
    assert all(found.depth < 0.1 for found in stalled.swellings)


def test_a_stall_takes_its_share_and_leaves_the_rest_to_the_bit() -> None:
    changed = stall(swelling(), RATE, drawn(), share=0.3) != swelling()
    first, last = np.flatnonzero(changed)[[0, -1]]
    assert last + 1 - first == pytest.approx(0.3 * COUNT, abs=3)


def test_standing_still_sounds_as_the_quietest_moments_and_a_little_less() -> None:
    steady = noise()
    assert level_db(stall(steady, RATE, drawn(), share=1.0)) == pytest.approx(level_db(steady) - STALL_DROP_DB, abs=0.5)
    assert level_db(stall(swelling(), RATE, drawn(), share=1.0)) < level_db(swelling()) - STALL_DROP_DB - 8


@pytest.mark.parametrize("ratio", [1 / 1.13, 1 / 1.01, 1.01, 1.07, 1.13])
def test_a_change_of_speed_moves_tones_by_exactly_its_ratio(ratio: float) -> None:
    moved = change_speed(sine(1000.0) + noise(1e-3), RATE, ratio=ratio)
    assert moved.shape == (COUNT,) and moved.dtype == np.float32
    assert measure(moved, RATE).tones[0].frequency == pytest.approx(1000 * ratio, abs=0.2)


def test_a_faster_recording_is_filled_up_without_a_gap_or_a_jump() -> None:
    moved = change_speed(noise(), RATE, ratio=1.1)
    blocks = np.sqrt(np.square(moved).reshape(-1, 1600).mean(axis=1))
    assert blocks.min() > 0.85 * blocks.mean() and np.abs(moved).max() <= 1.05 * np.abs(noise()).max()


def test_a_slower_recording_is_cut_where_the_original_would_have_ended() -> None:
    slow = change_speed(sine(1000.0), RATE, ratio=0.8)
    np.testing.assert_allclose(slow[1000:-1000], sine(800.0)[1000:-1000], atol=1e-3)


@pytest.mark.parametrize("decibels", [-12.0, -1.0, 1.0, 12.0])
def test_a_change_of_level_is_exact(decibels: float) -> None:
    assert level_db(change_level(noise(), decibels=decibels)) - level_db(noise()) == pytest.approx(decibels, abs=1e-4)


def test_louder_becomes_quieter_by_as_much_where_it_would_not_fit() -> None:
    loud = sine(100.0) * np.float32(5)
    assert level_db(change_level(loud, decibels=9.0)) - level_db(loud) == pytest.approx(-9, abs=1e-4)


def test_what_fits_is_left_as_it_is() -> None:
    changed, share = within_full_scale(noise(), noise() + sine(100.0))
    assert share == 1
    np.testing.assert_array_equal(changed, noise() + sine(100.0))


def test_what_exceeds_full_scale_is_turned_down_and_the_recording_is_not() -> None:
    recording, added = sine(100.0), sine(1000.0) * np.float32(40)
    changed, share = within_full_scale(recording, recording + added)
    assert np.abs(changed).max() == pytest.approx(1, abs=1e-6) and np.abs(changed).max() <= 1
    np.testing.assert_allclose(changed - recording, share * added, atol=1e-6)
    assert 0.2 < share < 0.3  # about (1 - 0.1) / 4


def test_a_float_recording_beyond_full_scale_keeps_its_own_peak() -> None:
    beyond = sine(100.0) * np.float32(20)
    changed, _ = within_full_scale(beyond, beyond + sine(1000.0))
    assert np.abs(changed).max() <= np.abs(beyond).max()
