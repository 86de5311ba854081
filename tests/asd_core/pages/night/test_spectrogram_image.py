import io

import numpy as np
import pytest
from PIL import Image

from asd_core.pages.night.spectrogram_image import (
    _BOTTOM,
    _LEFT,
    _RIGHT,
    _TOP,
    HEIGHT,
    WIDTH,
    _means,
    draw_spectrograms,
)

RATE = 16000


def noise(length=1.0, level=0.01):
    return (level * np.random.default_rng(0).standard_normal(int(RATE * length))).astype(np.float32)


def brightness(png):
    """Level of the plot as palette indices, (rows, columns), lowest frequency first."""
    image = Image.open(io.BytesIO(png))
    assert image.size == (WIDTH, HEIGHT)
    return np.asarray(image)[_TOP:_BOTTOM, _LEFT:_RIGHT][::-1].astype(int)


def mel(hertz):
    return 2595 * np.log10(1 + hertz / 700)


@pytest.mark.parametrize("frequency", [500, 1240, 6000])
def test_a_tone_is_a_bright_line_at_its_frequency(frequency):
    clip = noise() + 0.3 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE).astype(np.float32)
    rows = brightness(draw_spectrograms([(clip, RATE)])[0]).mean(axis=1)
    expected = mel(frequency) / mel(RATE / 2) * rows.size
    assert abs(np.argmax(rows) - expected) <= 3


def test_a_click_is_a_bright_line_at_its_time():
    clip = noise()
    clip[RATE // 4] = 1.0
    columns = brightness(draw_spectrograms([(clip, RATE)])[0]).mean(axis=0)
    # The window is 64 ms long, so the line is up to that wide.
    assert abs(np.argmax(columns) / columns.size - 0.25) < 0.032


def test_a_pair_shares_its_colours_so_that_the_quieter_clip_is_darker():
    loud, quiet = (brightness(png) for png in draw_spectrograms([(noise(level=0.1), RATE), (noise(level=0.01), RATE)]))
    alone = brightness(draw_spectrograms([(noise(level=0.01), RATE)])[0])
    assert loud.mean() - quiet.mean() == pytest.approx(20 / 70 * 223, rel=0.05)
    assert alone.mean() == pytest.approx(loud.mean(), abs=20)


def test_a_pair_shares_its_frequencies_so_that_nothing_is_drawn_above_a_nyquist_frequency():
    low, _ = (brightness(png) for png in draw_spectrograms([(noise(), RATE // 2), (noise(), RATE)]))
    above = int(mel(RATE / 4) / mel(RATE / 2) * low.shape[0]) + 2
    assert low[above:].max() == 0
    assert low[: above - 6].mean() > 50


@pytest.mark.parametrize("samples", [1, 100, 3 * 60 * RATE])
def test_clips_of_any_length_can_be_drawn(samples):
    assert draw_spectrograms([(np.full(samples, 0.1, np.float32), RATE)])


def test_a_pixel_is_the_mean_of_the_power_that_it_covers():
    values, edges = np.arange(1.0, 9.0), (0.0, 0.5, 2.25, 6.0, 9.5)
    fine = np.append(np.repeat(values, 1000), np.zeros(2000))  # a slow twin: a thousand steps a value
    twin = [fine[round(1000 * a) : round(1000 * b)].mean() for a, b in zip(edges, edges[1:], strict=False)]
    np.testing.assert_allclose(_means(8, edges) @ values, twin, rtol=1e-6)


def test_silence_can_be_drawn_and_the_same_clip_gives_the_same_bytes():
    silence = np.zeros(RATE, np.float32)
    assert draw_spectrograms([(silence, RATE)]) == draw_spectrograms([(silence, RATE)])
