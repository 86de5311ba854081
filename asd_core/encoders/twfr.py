"""TWFR: time-weighted frequency-domain representation (Guan et al.; Zhang et al., FS-TWFR-GMM, eq. 1-3).

Each mel row of a log-mel spectrogram is sorted on its own, loudest first, and averaged with weights that fall as r^i:
r = 0 is the row's maximum, r = 1 its mean, and r > 1 leans to the quietest frames. Several r share the sorted rows and
stand side by side in one embedding, the level of the clip behind them.
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

_LEAST_POWER = 1e-10  # of a window of silence among others: -100 dB, the spectrogram's floor


@dataclass(frozen=True)
class TwfrEncoder:
    """The TWFR of a clip's log-mel spectrogram, computed clip by clip: equal to the bit in any batch and process.

    Attributes:
        r: decay from one rank to the next, loudest frame first: 0 takes the loudest, 1 the mean, above 1 leans to the
            quietest; several give an embedding each, one after the other.
        sample_rate: recordings are resampled to it, in Hz.
        n_fft: samples of a window of the spectrum.
        hop: samples from one window to the next.
        n_mels: frequency bands.
        f_min: lower end of the bands, in Hz.
        f_max: upper end of the bands, in Hz; None is half the sample rate.
        level: true where the rms of the samples, in dB re full scale, is the last number of an embedding.
    """

    r: float | tuple[float, ...] = 1.0
    sample_rate: int = 16_000  # Hz
    n_fft: int = 1024  # samples
    hop: int = 512  # samples
    n_mels: int = 128
    f_min: float = 0.0  # Hz
    f_max: float | None = None  # Hz; None: half the sample rate
    level: bool = False

    def __post_init__(self) -> None:
        for r in self.each_r:
            if not 0 <= r <= 2:
                raise UsageError(f"encoder.r must lie between 0 (maximum) and 2, got {r}; 1 is the mean")
        if not self.each_r or len(set(self.each_r)) < len(self.each_r):
            raise UsageError(f"encoder.r = {list(self.each_r)}: give one number or several different ones")
        _ = self.log_mel  # refuses what the spectrogram refuses

    @property
    def each_r(self) -> tuple[float, ...]:
        """Every r, in the order of the embedding."""
        return self.r if isinstance(self.r, tuple) else (self.r,)

    @property
    def log_mel(self) -> LogMel:
        """The spectrogram underneath."""
        return LogMel(self.sample_rate, self.n_fft, self.hop, self.n_mels, self.f_min, self.f_max)

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """See `GroupingEncoder.groups`: one for each r, and one for the level."""
        level = (("level", 1),) if self.level else ()
        return (*((f"r = {r:g}", self.n_mels) for r in self.each_r), *level)

    @property
    def embedding_dim(self) -> int:
        """One number a mel row and r, and one for the level."""
        return sum(size for _, size in self.groups)

    @property
    def fingerprint(self) -> str:
        """Hash of the parameters; without a level it is that of encoders of before, which had none."""
        parameters = {name: value for name, value in asdict(self).items() if name != "level" or value}
        return hashlib.blake2b(json.dumps(["twfr", parameters]).encode(), digest_size=8).hexdigest()

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`; values in dB."""
        log_mel = self.log_mel
        return np.stack([self._embedding(log_mel(waveform), waveform) for waveform in waveforms])

    def _embedding(self, spectrogram: NDArray[np.float32], waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        ascending = np.sort(spectrogram, axis=1)
        parts = [_weighted_mean(ascending, r) for r in self.each_r]
        return np.concatenate([*parts, [level_db(waveform)]], dtype=np.float32) if self.level else np.concatenate(parts)


def level_db(waveform: NDArray[np.float32]) -> np.float32:
    """The rms of samples (T,), in dB re full scale, not below -100."""
    power = np.mean(np.square(waveform, dtype=np.float64))
    return np.float32(10 * np.log10(np.maximum(power, _LEAST_POWER)))


def twfr(spectrogram: NDArray[np.float32], r: float) -> NDArray[np.float32]:
    """Weighted mean of every row's values sorted in descending order.

    Args:
        spectrogram: (F, N) float32, usually in dB.
        r: non-negative decay from one rank to the next.

    Returns:
        (F,) float32: sum_i r^i x_(i) / sum_i r^i with x_(0) the largest; 0^0 = 1.
    """
    return _weighted_mean(np.sort(spectrogram, axis=1), r)


def _weighted_mean(ascending: NDArray[np.float32], r: float) -> NDArray[np.float32]:
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
