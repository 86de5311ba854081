import math
import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from asd_core.audio.measures import AcousticMeasures, measure
from asd_core.audio.tones import critical_bandwidth
from asd_core.errors import ClipError

RATE = 16000


def seconds(length=10.0):
    return np.arange(round(RATE * length)) / RATE


def noise(level=0.05, length=10.0, seed=0):
    return (level * np.random.default_rng(seed).standard_normal(round(RATE * length))).astype(np.float32)


def sine(frequency, amplitude, length=10.0):
    return (amplitude * np.sin(2 * np.pi * frequency * seconds(length))).astype(np.float32)


def figures(measures: AcousticMeasures):
    tones = [figure for tone in measures.tones for figure in (tone.frequency, tone.prominence)]
    bands = [figure for band in measures.bands for figure in (band.low, band.high, band.level)]
    singles = [value for value in vars(measures).values() if isinstance(value, float)]
    return [*singles, *tones, *bands]


def test_a_full_scale_sine_is_at_minus_3_dB_with_its_own_crest_and_kurtosis():
    measured = measure(sine(1000, 1.0), RATE)
    assert measured.level == pytest.approx(-3.01, abs=0.01)
    assert measured.crest == pytest.approx(3.01, abs=0.01)
    assert measured.kurtosis == pytest.approx(-1.5, abs=0.01)


@pytest.mark.parametrize("gain", [-20.0, -3.2, 6.0])
def test_a_gain_of_x_dB_shows_as_x_dB(gain):
    before, after = measure(noise(), RATE), measure(noise() * np.float32(10 ** (gain / 20)), RATE)
    assert after.level - before.level == pytest.approx(gain, abs=1e-3)
    changes = [b.level - a.level for a, b in zip(before.bands, after.bands, strict=True)]
    np.testing.assert_allclose(changes, gain, atol=1e-3)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.floats(-30, 10))
def test_a_gain_changes_nothing_but_levels(seed, gain):
    clip = noise(seed=seed, length=2.0) + sine(700, 0.05, 2.0)
    before, after = measure(clip, RATE), measure(clip * np.float32(10 ** (gain / 20)), RATE)
    shapes = [[band.level - found.level for band in found.bands] for found in (before, after)]
    np.testing.assert_allclose(*shapes, atol=2e-3)
    assert [tone.frequency for tone in after.tones] == pytest.approx([tone.frequency for tone in before.tones], abs=0.1)
    assert len(after.swellings) == len(before.swellings)
    assert (after.impulse_rate, after.crest) == pytest.approx((before.impulse_rate, before.crest), rel=1e-3)


@pytest.mark.parametrize("frequency", [60.3, 440.0, 1240.7, 6500.2])
def test_a_tone_in_noise_shows_at_its_frequency_with_the_prominence_of_its_power_over_its_critical_band(frequency):
    level, amplitude = 0.05, 0.06
    tone = measure(noise(level) + sine(frequency, amplitude), RATE).tones[0]
    density = level**2 / (RATE / 2)  # of white noise
    expected = 10 * math.log10(amplitude**2 / 2 / (density * critical_bandwidth(tone.frequency)))
    assert tone.frequency == pytest.approx(frequency, abs=0.3)
    assert tone.prominence == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize(("frequency", "width"), [(50, 100), (1000, 160), (4000, 685), (10000, 2293)])
def test_the_critical_bandwidth_is_that_of_zwicker_and_terhardts_table(frequency, width):
    assert critical_bandwidth(frequency) == pytest.approx(width, rel=0.06)


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_tones_no_impulses_and_no_modulation(seed):
    measured = measure(noise(seed=seed), RATE)
    assert measured.tones == ()
    assert measured.impulse_rate == 0
    assert all(swelling.depth < 0.03 for swelling in measured.swellings)
    assert abs(measured.kurtosis) < 0.1


def test_band_noise_shows_in_its_band():
    spectrum = np.fft.rfft(noise(1.0))
    frequencies = np.fft.rfftfreq(160000, 1 / RATE)
    band_noise = np.fft.irfft(np.where((frequencies > 2000) & (frequencies < 4000), spectrum, 0)).astype(np.float32)
    measured = measure(band_noise / 10, RATE)
    inside = next(band for band in measured.bands if band.low == 2000)
    assert inside.level == pytest.approx(measured.level, abs=0.1)
    assert all(band.level < inside.level - 25 for band in measured.bands if band is not inside)


def test_the_powers_of_the_bands_add_up_to_the_level():
    measured = measure(noise() + sine(300, 0.1), RATE)
    total = sum(10 ** (band.level / 10) for band in measured.bands)
    assert 10 * math.log10(total) == pytest.approx(measured.level, abs=0.1)


@pytest.mark.parametrize(("rate", "depth"), [(8.0, 0.5), (1.3, 0.3), (21.0, 0.8)])
def test_amplitude_modulation_shows_its_rate_and_depth(rate, depth):
    clip = noise() * (1 + depth * np.cos(2 * np.pi * rate * seconds())).astype(np.float32)
    deepest = measure(clip, RATE).swellings[0]
    assert deepest.rate == pytest.approx(rate, abs=0.05)
    assert deepest.depth == pytest.approx(depth, abs=0.05)


def test_a_steady_low_tone_is_not_taken_for_modulation():
    assert not any(measure(sine(f, 0.5), RATE).swellings for f in (25, 50, 90, 98, 100))


@pytest.mark.parametrize("per_second", [1, 5, 20, 50, 100])
def test_clicks_show_their_number_per_second(per_second):
    clip = noise()
    clip[RATE // per_second // 2 :: RATE // per_second] += 1.0
    assert measure(clip, RATE).impulse_rate == pytest.approx(per_second, abs=0.1)


def test_clicks_are_heard_through_a_loud_hum():
    clip = noise(0.01) + sine(50, 0.5) + sine(100, 0.3)
    clip[1600::3200] += 0.25
    assert measure(clip, RATE).impulse_rate == pytest.approx(5.0, abs=0.3)


@pytest.mark.parametrize("value", [0.0, 0.3])
def test_silence_and_a_constant_offset_are_silence(value):
    measured = measure(np.full(RATE, value, np.float32), RATE)
    assert measured.level == -120
    assert {band.level for band in measured.bands} == {-120.0}
    assert (measured.tones, measured.impulse_rate, measured.swellings) == ((), 0.0, ())


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float32, st.integers(1, 3000), elements=st.floats(-1, 1, width=32)))
def test_every_figure_of_any_short_clip_is_finite(clip):
    assert np.isfinite(figures(measure(clip, RATE))).all()


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
def test_the_bands_reach_to_the_nyquist_frequency_at_any_sample_rate(rate):
    bands = measure(noise(), rate).bands
    assert bands[0].low == 0
    assert bands[-1].high == rate / 2
    assert [band.high for band in bands[:-1]] == [band.low for band in bands[1:]]


@pytest.mark.parametrize(
    ("clip", "reason"), [(np.zeros(0, np.float32), "empty"), (np.zeros((2, 9), np.float32), "empty")]
)
def test_what_is_no_waveform_is_refused(clip, reason):
    with pytest.raises(ClipError) as caught:
        measure(clip, RATE)
    assert caught.value.reason == reason


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_samples_that_are_not_finite_are_refused(bad):
    clip = noise()
    clip[7] = bad
    with pytest.raises(ClipError, match="not finite"):
        measure(clip, RATE)


def test_ten_seconds_take_some_milliseconds():
    clip, times = noise(), []
    for _ in range(5):
        start = time.process_time()
        measure(clip, RATE)
        times.append(time.process_time() - start)
    assert min(times) < 0.1  # about 0.011 on one core; room for a busy machine


@pytest.mark.skipif("ASD_REAL_DATA" not in os.environ, reason="ASD_REAL_DATA is not set")
def test_real_clips_measure_finite_and_their_level_is_that_of_their_samples():
    folder = Path(os.environ["ASD_REAL_DATA"]) / "dcase2020_task2_dev_subset"
    for path in sorted(folder.glob("*/test/*"))[::12]:
        clip, rate = soundfile.read(path, dtype="float32")
        measured = measure(clip, rate)
        assert np.isfinite(figures(measured)).all()
        assert measured.level == pytest.approx(20 * math.log10(clip.std()), abs=0.01)
