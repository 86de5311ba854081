"""TWFR: time-weighted frequency-domain representation (Guan et al.; Zhang et al., FS-TWFR-GMM, eq. 1-3).

Each mel row of a log-mel spectrogram is sorted on its own, loudest first, and averaged with weights that fall as r^i:
r = 0 is the row's maximum, r = 1 its mean, and r > 1 leans to the quietest frames.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.spectrogram import LogMel
from asd_core.encoders.protocol import Waveforms
from asd_core.errors import UsageError


@dataclass(frozen=True)
class TwfrEncoder:
    """The TWFR of a clip's log-mel spectrogram, computed clip by clip: equal to the bit in any batch and process."""

    r: float = 1.0
    sample_rate: int = 16_000  # Hz
    n_fft: int = 1024  # samples
    hop: int = 512  # samples
    n_mels: int = 128
    f_min: float = 0.0  # Hz
    f_max: float | None = None  # Hz; None: half the sample rate

    def __post_init__(self) -> None:
        if not 0 <= self.r <= 2:
            raise UsageError(f"encoder.r must lie between 0 (maximum) and 2, got {self.r}; 1 is the mean")
        _ = self.log_mel  # refuses what the spectrogram refuses

    @property
    def log_mel(self) -> LogMel:
        """The spectrogram underneath."""
        return LogMel(self.sample_rate, self.n_fft, self.hop, self.n_mels, self.f_min, self.f_max)

    @property
    def embedding_dim(self) -> int:
        """One number a mel row."""
        return self.n_mels

    @property
    def fingerprint(self) -> str:
        """Hash of the parameters."""
        return hashlib.blake2b(json.dumps(["twfr", asdict(self)]).encode(), digest_size=8).hexdigest()

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`; values in dB."""
        log_mel = self.log_mel
        return np.stack([twfr(log_mel(waveform), self.r) for waveform in waveforms])


def twfr(spectrogram: NDArray[np.float32], r: float) -> NDArray[np.float32]:
    """Weighted mean of every row's values sorted in descending order.

    Args:
        spectrogram: (F, N) float32, usually in dB.
        r: non-negative decay from one rank to the next.

    Returns:
        (F,) float32: sum_i r^i x_(i) / sum_i r^i with x_(0) the largest; 0^0 = 1.
    """
    ascending = np.sort(spectrogram, axis=1)
    weights = rank_weights(ascending.shape[1], r)[::-1]
    return (ascending @ weights).astype(np.float32)


def rank_weights(n_frames: int, r: float) -> NDArray[np.float64]:
    """The weights r^0 ... r^(N-1) divided by their sum, (N,) float64.

    Taken in log space: r = 1.1 itself overflows beyond 7,446 frames, 238 s at a hop of 512.
    """
    if r == 0:
        return np.asarray(np.eye(1, n_frames)[0])
    exponent = np.arange(n_frames) * np.log(r)
    weights = np.exp(exponent - exponent.max())
    return np.asarray(weights / weights.sum())
