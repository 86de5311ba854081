import pytest
import torch

from asd_core.training.pseudo_labels.triplet.noise import random_ratios, with_noise


def spectrograms(count=4, seed=0):
    return torch.rand(count, 6, 9, generator=torch.Generator().manual_seed(seed))


def test_the_ratio_measured_after_mixing_is_the_one_asked_for():
    signals, noises = spectrograms(), 7 * spectrograms(seed=1)
    asked = torch.tensor([-5.0, 0.0, 3.0, 4.9])
    mixed = with_noise(signals, noises, asked)
    for signal, mixture, ratio in zip(signals, mixed, asked, strict=True):
        measured = 10 * torch.log10(signal.square().mean() / (mixture - signal).square().mean())
        assert float(measured) == pytest.approx(float(ratio), abs=1e-4)


def test_magnitudes_are_added_not_powers():
    ones = torch.ones(1, 2, 2)
    assert torch.equal(with_noise(ones, ones, torch.zeros(1)), 2 * ones)


def test_silent_noise_adds_nothing_and_silence_stays_silent():
    signals, nothing = spectrograms(), torch.zeros(4, 6, 9)
    assert torch.equal(with_noise(signals, nothing, torch.zeros(4)), signals)
    assert torch.equal(with_noise(nothing, signals, torch.zeros(4)), nothing)


def test_ratios_lie_evenly_in_their_range():
    ratios = random_ratios(4000, torch.Generator().manual_seed(0))
    assert ratios.min() >= -5 and ratios.max() < 5
    assert torch.histc(ratios, 10, -5, 5).min() > 320
