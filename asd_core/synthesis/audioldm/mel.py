"""Recordings as AudioLDM hears them: normalised segments, and log-mel spectrograms of them.

The front end of the authors' training code: magnitudes of an STFT of 1,024 samples every 160, 64 Slaney mel bands from
0 to 8,000 Hz, natural logarithm. The waveform is reflected at its ends so that T samples give T / 160 frames, as the
vocoder makes 160 samples of each.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.spectrogram import LogMel, mel_filterbank
from asd_core.synthesis.audioldm.shapes import FACTOR, HOP, MELS, SAMPLE_RATE

if TYPE_CHECKING:
    from torch import Tensor

N_FFT = 1024
FLOOR = 1e-5
"""Least mel magnitude: its logarithm is -11.5."""

_LEAST_PEAK = 1e-8  # added to the peak, as the authors do
_MELS = LogMel(SAMPLE_RATE, N_FFT, HOP, MELS, 0.0, 8000.0, "slaney", "slaney")


def segment_length(seconds: float) -> int:
    """Samples of a segment: at least so many seconds, and whole latents (10.24 s are 163,840 samples)."""
    at_once = FACTOR * HOP
    return max(1, -(-round(seconds * SAMPLE_RATE) // at_once)) * at_once


def segment(
    samples: NDArray[np.float32], length: int, peak: float, generator: np.random.Generator
) -> NDArray[np.float32]:
    """One segment of a clip: a random one of a longer clip; a shorter clip has zeros behind it.

    The segment's mean is removed and its largest magnitude brought to the peak, before the zeros are added.

    Args:
        samples: (T,) at 16 kHz.
        length: of the segment, samples.
        peak: largest magnitude.
        generator: of the start.

    Returns:
        (length,) float32.
    """
    start = int(generator.integers(len(samples) - length + 1)) if len(samples) > length else 0
    own = np.asarray(samples[start : start + length], np.float32)
    own = own - own.mean()
    made = np.zeros(length, np.float32)
    made[: len(own)] = own * np.float32(peak / (np.abs(own).max() + _LEAST_PEAK))
    return made


def log_mel(waveforms: Tensor) -> Tensor:
    """Log-mel spectrograms: waveforms (B, T) float32 at 16 kHz → (B, T // 160, 64) float32, natural logarithm.

    Any batch, on any device; 433 samples or more.
    """
    import torch

    side = (N_FFT - HOP) // 2
    padded = torch.nn.functional.pad(waveforms[:, None], (side, side), mode="reflect")[:, 0]
    window = torch.hann_window(N_FFT, device=waveforms.device)
    spectra = torch.stft(padded, N_FFT, HOP, window=window, center=False, return_complex=True)
    filters = torch.from_numpy(_filters()).to(waveforms.device)
    return (spectra.abs().transpose(1, 2) @ filters.T).clamp(min=FLOOR).log()


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    return np.asarray(mel_filterbank(_MELS).toarray(), np.float32)
