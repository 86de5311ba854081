import numpy as np
import pytest

from asd_core.audio.level_track import find_clipping, find_dropouts, level_track

RATE = 16_000


def noise(count=RATE):
    return (0.1 * np.random.default_rng(0).standard_normal(count)).astype(np.float32)


def test_the_track_has_the_level_of_each_twentieth_of_a_second_without_an_offset():
    sound = np.concatenate([noise(), 0.1 * noise()]) + np.float32(0.3)
    track = level_track(sound, RATE)
    assert len(track) == 40
    assert np.mean(track[:20]) == pytest.approx(-20, abs=0.2)
    assert np.mean(track[20:]) == pytest.approx(-40, abs=0.2)


@pytest.mark.parametrize("share", [0.002, 0.01, 0.1])
def test_samples_cut_off_at_a_limit_are_counted(share):
    smooth = np.convolve(noise(10 * RATE), np.ones(64) / 64, "same")  # so slow that it stays at the limit for a while
    limit = np.quantile(np.abs(smooth), 1 - share)
    clipped = np.clip(smooth, -limit, limit).astype(np.float32)
    assert find_clipping(clipped).share == pytest.approx(share, rel=0.25)


@pytest.mark.parametrize("share", [0.001, 0.03])
def test_noise_that_stays_at_the_limit_for_a_sample_at_a_time_is_clipped_too(share):
    limit = np.quantile(np.abs(noise(10 * RATE)), 1 - share)
    assert find_clipping(np.clip(noise(10 * RATE), -limit, limit)).share == pytest.approx(share, rel=0.05)


@pytest.mark.parametrize("bits", [8, 16, 24])
def test_a_quiet_hum_in_few_bits_is_not_clipped(bits):
    hum = 0.1 * np.sin(2 * np.pi * 50 * np.arange(RATE * 3) / 48_000)
    rounded = np.round(hum * 2 ** (bits - 1)) / 2 ** (bits - 1)
    assert find_clipping(rounded.astype(np.float32)).share < 2e-4 or bits == 8
    assert find_clipping(noise()).share == 0


def test_the_limit_is_told_in_decibels_of_full_scale():
    assert find_clipping(np.clip(20 * noise(), -1, 1)).limit == pytest.approx(0.0, abs=1e-6)
    assert find_clipping(np.clip(20 * noise(), -0.5, 0.5)).limit == pytest.approx(-6.02, abs=0.01)


def test_samples_that_stand_still_are_dropouts_and_two_equal_ones_are_not():
    sound = noise()
    sound[100:102] = 0.0
    sound[4000:4480] = sound[4000]
    sound[9000:9160] = 0.0
    found = find_dropouts(sound, RATE)
    assert (found.count, found.seconds) == (2, pytest.approx(0.04, abs=0.001))
    assert find_dropouts(noise(), RATE).count == 0
