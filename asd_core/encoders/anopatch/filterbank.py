"""Kaldi's log-mel filterbank energies for whole batches, as BEATs and AST hear sound.

Equal to ``torchaudio.compliance.kaldi.fbank``, which takes one clip at a time, at its defaults: frames of 25 ms every
10 ms, none beyond the end, mean removed, pre-emphasis 0.97, power spectrum, 128 triangles between 20 Hz and half the
sample rate on Kaldi's mel scale, natural logarithm. No dither.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

from asd_core.errors import ClipError

if TYPE_CHECKING:
    from torch import Tensor

SAMPLE_RATE = 16_000  # Hz
MELS = 128
FRAME, HOP = 400, 160  # samples: 25 ms and 10 ms
_N_FFT = 512
_LOWEST = 20.0  # Hz
_PREEMPHASIS = 0.97
_POVEY = 0.85  # the exponent that makes a Hann window Povey's

Window = Literal["povey", "hann"]


def frame_count(samples: int) -> int:
    """The number of frames of so many samples: 998 for 10 s."""
    return 0 if samples < FRAME else 1 + (samples - FRAME) // HOP


def filterbank(waveforms: Tensor, *, scale: float, window: Window) -> Tensor:
    """Waveforms (B, T) float32 at 16 kHz → (B, 128, frames) float32, natural logarithm of energies.

    Computed on the waveforms' device, in float32 whatever autocast says.

    Args:
        waveforms: in [-1, 1].
        scale: they are multiplied by it first; 2^15 gives 16-bit numbers, which Kaldi expects.
        window: ``povey``, Kaldi's own, or ``hann`` (symmetric).

    Raises:
        ClipError: waveforms shorter than one frame.
    """
    import torch

    if waveforms.shape[1] < FRAME:
        raise ClipError("too_short", f"{waveforms.shape[1]} samples are less than one frame of {FRAME}")
    with torch.autocast(waveforms.device.type, enabled=False):
        frames = (waveforms.float() * scale).unfold(1, FRAME, HOP)  # (B, frames, 400)
        frames = frames - frames.mean(dim=2, keepdim=True)
        before = torch.cat([frames[..., :1], frames[..., :-1]], dim=2)
        shaped = (frames - _PREEMPHASIS * before) * _window(window, str(frames.device))
        power = torch.fft.rfft(shaped, _N_FFT).abs().square()
        energies = power @ _triangles(str(frames.device))
        logarithms: Tensor = energies.clamp_min(torch.finfo(torch.float32).eps).log()
        return logarithms.transpose(1, 2)


@cache
def _window(kind: Window, device: str) -> Tensor:
    import torch

    with torch.inference_mode(False):
        hann = torch.hann_window(FRAME, periodic=False)
        return (hann.pow(_POVEY) if kind == "povey" else hann).to(device)


@cache
def _triangles(device: str) -> Tensor:
    """Mel triangles, (257, 128), each of height 1; the bin of half the sample rate counts in none.

    Torchaudio's own, in float32: its rounding moves a pure tone's neighbours by more than 1e-4.
    """
    import torch
    from torchaudio.compliance.kaldi import get_mel_banks

    with torch.inference_mode(False):
        triangles, _ = get_mel_banks(MELS, _N_FFT, float(SAMPLE_RATE), _LOWEST, 0.0, 100.0, -500.0, 1.0)
        return torch.cat([triangles.T, triangles.new_zeros(1, MELS)]).to(device)
