"""EfficientAT's log-mel spectrogram, as it is at evaluation.

Pre-emphasis, a symmetric Hann window of 25 ms every 10 ms, power, 128 triangles on Kaldi's mel scale up to 15 kHz, the
natural logarithm, and one shift and scale for all bands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from torch import nn

if TYPE_CHECKING:
    from torch import Tensor

SAMPLE_RATE = 32_000  # Hz
HOP = 320  # samples, 10 ms
N_FFT = 1024
N_MELS = 128
SHORTEST = N_FFT // 2 + 2  # samples: reflection at the ends needs more than half a window after pre-emphasis

_WINDOW = 800  # samples, in the middle of the transform's 1,024
_PRE_EMPHASIS = 0.97
_HIGHEST = 15_000.0  # Hz
_FLOOR = 1e-5  # added to power
_SHIFT, _SCALE = 4.5, 5.0


class FrontEnd(nn.Module):
    """Waveforms (B, T) float32 at 32 kHz → (B, 128, (T - 1) // 320 + 1) float32 log-mel spectrograms.

    Nothing of it is part of a checkpoint.
    """

    def __init__(self) -> None:
        import torch

        super().__init__()
        self.register_buffer("window", torch.hann_window(_WINDOW, periodic=False), persistent=False)
        self.register_buffer("bands", torch.from_numpy(mel_bands().astype(np.float32)), persistent=False)

    def forward(self, waveforms: Tensor) -> Tensor:
        """See the class; float32 also where the network behind it computes in less."""
        import torch

        waveforms = waveforms.float()
        emphasised = waveforms[:, 1:] - _PRE_EMPHASIS * waveforms[:, :-1]
        with torch.autocast(waveforms.device.type, enabled=False):
            window = self.get_buffer("window")
            spectrum = torch.stft(emphasised, N_FFT, HOP, _WINDOW, window, pad_mode="reflect", return_complex=True)
            power = torch.view_as_real(spectrum).square().sum(-1)
            log_mel = (self.get_buffer("bands") @ power + _FLOOR).log()
            return (log_mel + _SHIFT) / _SCALE


def mel_bands() -> NDArray[np.float64]:
    """Triangles (128, 513) of equal width on the mel scale, each 1 at its centre; the last bin is in none of them.

    The scale is Kaldi's: mel = 1127 ln(1 + f / 700).
    """
    mels = _mel(np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT)
    width = _mel(np.asarray(_HIGHEST)) / (N_MELS + 1)
    centres = width * np.arange(1, N_MELS + 1)[:, None]
    bands = np.maximum(0.0, 1.0 - np.abs(mels - centres) / width)
    bands[:, -1] = 0.0
    return np.asarray(bands)


def _mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1127.0 * np.log1p(hertz / 700.0))
