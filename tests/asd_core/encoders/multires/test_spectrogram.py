import math

import numpy as np
import pytest
import torch
import torchaudio

from asd_core.encoders.multires.spectrogram import MagnitudeSpectrogram

NOISE = torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))


def spectrogram(n_fft=256, padding="reflect", remove_time_mean=False):
    return MagnitudeSpectrogram(n_fft, 16_000, 200.0, 8000.0, padding, remove_time_mean)


@pytest.mark.parametrize("padding", ["reflect", "constant"])
def test_a_frame_equals_the_sum_of_fourier_written_out(padding):
    ours = spectrogram(64, padding)
    window = np.array([math.sin(math.pi * n / 64) ** 2 for n in range(64)])
    padded = np.pad(NOISE[0].numpy().astype(float), 32, mode=padding)
    frame = padded[3 * 32 : 3 * 32 + 64] * window / np.sqrt((window**2).sum())
    slow = [abs(sum(frame[n] * np.exp(-2j * math.pi * k * n / 64) for n in range(64))) for k in range(*ours.bins)]
    np.testing.assert_allclose(ours(NOISE)[0, :, 3], slow, rtol=1e-4, atol=1e-6)


def test_it_equals_torchaudio_normalised_by_the_window():
    theirs = torchaudio.transforms.Spectrogram(256, hop_length=128, power=1, normalized=True)(NOISE)
    torch.testing.assert_close(spectrogram()(NOISE), theirs[:, 4:], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("samples", [4000, 4095, 4096])
def test_the_size_is_known_beforehand(samples):
    assert tuple(spectrogram()(torch.zeros(1, samples)).shape[1:]) == spectrogram().size(samples)


def test_the_mean_over_time_is_removed_on_demand():
    without = spectrogram(remove_time_mean=True)(NOISE)
    assert without.mean(dim=2).abs().max() < 1e-6
    whole = spectrogram()(NOISE)
    torch.testing.assert_close(without, whole - whole.mean(dim=2, keepdim=True))
