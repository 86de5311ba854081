from collections import Counter

import pytest
import torch

from asd_core.training.pseudo_labels.triplet.resizing import Resizing, random_resizing, resized


def line(frequency=20, bins=60, frames=40):
    """A tone: one bin of a spectrogram, as loud in every frame."""
    spectrogram = torch.zeros(bins, frames)
    spectrogram[frequency] = 1
    return spectrogram


@pytest.mark.parametrize("ratio", [0.5, 0.7, 1.2, 1.49])
def test_a_tone_moves_with_the_frequency_axis(ratio):
    made = resized(line(), Resizing("frequency", ratio))
    assert made.shape == (60, 40)
    centre = (made[:, 0] * torch.arange(60)).sum() / made[:, 0].sum()
    assert float(centre) == pytest.approx((20 + 0.5) * ratio - 0.5, abs=0.3)


def test_above_a_lower_spectrogram_is_nothing_and_a_higher_one_loses_its_top():
    ones = torch.ones(60, 40)
    lower = resized(ones, Resizing("frequency", 0.5))
    assert torch.allclose(lower[:30], ones[:30]) and not lower[30:].any()
    assert torch.allclose(resized(ones, Resizing("frequency", 1.4)), ones)
    assert not resized(line(frequency=59), Resizing("frequency", 1.4)).any()


def test_enlarged_time_is_linear_between_frames():
    ramp = torch.arange(40.0).expand(3, 40)
    made = resized(ramp, Resizing("time", 1.5))
    expected = (torch.arange(40) + 0.5) / 1.5 - 0.5
    assert torch.allclose(made, expected.clamp(min=0).expand(3, 40), atol=1e-4)


def test_the_start_is_one_of_all_places():
    ramp = torch.arange(40.0).expand(3, 40)
    last = resized(ramp, Resizing("time", 1.5, start=0.999))
    assert float(last[0, -1]) == pytest.approx(39, abs=1e-4)  # 60 frames: it begins at 20 and ends with the ramp
    whole = resized(ramp, Resizing("time", 0.5))
    shifted = resized(ramp, Resizing("time", 0.5, start=0.5))
    assert torch.equal(shifted, torch.roll(whole, -10, dims=1))


def test_shrunk_time_is_repeated():
    made = resized(torch.arange(40.0).expand(3, 40), Resizing("time", 0.5))
    assert torch.equal(made[:, :20], made[:, 20:]) and made[0, 0] < 2 < 37 < made[0, 19]


def test_ways_are_equally_likely_and_ratios_lie_in_their_ranges():
    generator = torch.Generator().manual_seed(0)
    ways = [random_resizing(generator) for _ in range(2000)]
    assert all(0.5 <= way.ratio < 0.8 or 1.2 <= way.ratio < 1.5 for way in ways)
    counts = Counter((way.axis, way.ratio > 1) for way in ways)
    assert len(counts) == 4 and min(counts.values()) > 430
