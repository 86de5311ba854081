"""Log-mel spectrograms on the CPU, one clip at a time and the same to the bit in any process.

The mel filterbank is torchaudio's definition (HTK or Slaney scale, optional Slaney normalisation) kept sparse: each
FFT bin falls into two filters at most, so that the product costs a tenth of the dense one and does not depend on how
many threads a BLAS uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import ClipError, UsageError

if TYPE_CHECKING:
    import scipy.sparse

_SAMPLES_AT_ONCE = 1 << 16  # of frames: they and their spectra stay in a core's cache, which is three times as fast
_FRAMES_TOGETHER = 16  # the FFT takes as many frames at once; other cuts could change the last bit
_MOST = {"sample_rate": 768_000, "n_fft": 1 << 20, "n_mels": 4096}  # more is a typing error
_NARROWEST = 0.1  # Hz


@dataclass(frozen=True)
class LogMel:
    """Settings of a log-mel spectrogram, and the function from waveform to spectrogram.

    The defaults are those of TWFR-GMM (Zhang et al.): Hann window of 1024 samples every 512, 128 HTK mels from 0 Hz to
    half the sample rate, power, centred with reflection, ``10 log10(max(x, 1e-10))`` with no limit of range.
    """

    sample_rate: int = 16_000  # Hz
    n_fft: int = 1024  # samples, also the window's length
    hop: int = 512  # samples
    n_mels: int = 128
    f_min: float = 0.0  # Hz
    f_max: float | None = None  # Hz; None: half the sample rate
    mel_scale: Literal["htk", "slaney"] = "htk"
    mel_norm: Literal["none", "slaney"] = "none"
    floor: float = 1e-10  # power
    floor_rule: Literal["max", "add"] = "max"  # max(x, floor), or x + floor as the DCASE auto-encoder baseline has it

    def __post_init__(self) -> None:
        for name in ("sample_rate", "n_fft", "hop", "n_mels", "floor"):
            if not getattr(self, name) > 0:
                raise UsageError(f"{name} must be positive, got {getattr(self, name)}")
        for name, most in _MOST.items():
            if getattr(self, name) > most:
                raise UsageError(f"{name} must be at most {most}, got {getattr(self, name)}")
        top = self.sample_rate / 2 if self.f_max is None else self.f_max
        if not 0 <= self.f_min < top <= self.sample_rate / 2:
            raise UsageError(f"need 0 <= f_min < f_max <= {self.sample_rate / 2} Hz, got {self.f_min} and {top}")
        if top - self.f_min < _NARROWEST:
            raise UsageError(f"f_max must lie {_NARROWEST} Hz or more above f_min, got {self.f_min} and {top}")

    def __call__(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take the log-mel spectrogram of one waveform.

        Args:
            waveform: (T,) float32 in [-1, 1].

        Returns:
            (n_mels, 1 + T // hop) float32 in dB.

        Raises:
            ClipError: ``too_short`` where there is no more than half a window to reflect.
        """
        return self.of_power(self.power(waveform))

    def of_power(self, power: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel spectrogram of a power spectrogram, which filterbanks can share: (N, F) → (n_mels, N)."""
        return decibels(mel_filterbank(self) @ power.T, self.floor, self.floor_rule)

    def power(self, waveform: NDArray[np.float32]) -> NDArray[np.float32]:
        """Power spectrogram, (1 + T // hop, 1 + n_fft // 2) float32; one frame a row."""
        import scipy.fft  # here and below: a command that only checks a recipe starts sooner

        half = self.n_fft // 2
        if waveform.size <= half:
            raise ClipError(
                "too_short",
                f"{waveform.size} samples are shorter than half a window of {self.n_fft} at {self.sample_rate} Hz",
            )
        padded = np.pad(np.asarray(waveform, np.float32), half, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, self.n_fft)[:: self.hop]
        window = _periodic_hann(self.n_fft)
        power = np.empty((len(frames), half + 1), np.float32)
        at_once = _FRAMES_TOGETHER * max(1, _SAMPLES_AT_ONCE // (_FRAMES_TOGETHER * self.n_fft))
        windowed = np.empty((min(at_once, len(frames)), self.n_fft), np.float32)
        for start in range(0, len(frames), at_once):
            some = frames[start : start + at_once]
            spectrum = scipy.fft.rfft(np.multiply(some, window, out=windowed[: len(some)]), axis=1)
            own = power[start : start + at_once]
            np.square(spectrum.real, out=own)
            own += np.square(spectrum.imag)
        return power


def decibels(
    power: NDArray[np.float32], floor: float = 1e-10, floor_rule: Literal["max", "add"] = "max"
) -> NDArray[np.float32]:
    """``10 log10`` of a power, kept finite by a floor that is a lower limit ("max") or is added ("add")."""
    lifted = np.maximum(power, np.float32(floor)) if floor_rule == "max" else power + np.float32(floor)
    return np.asarray(10 * np.log10(lifted), np.float32)


@lru_cache(maxsize=16)
def mel_filterbank(settings: LogMel) -> scipy.sparse.csr_array:
    """The triangular mel filters, (n_mels, 1 + n_fft // 2) float32, sparse."""
    import scipy.sparse

    nyquist = settings.sample_rate / 2
    top = nyquist if settings.f_max is None else settings.f_max
    bins = np.linspace(0, nyquist, settings.n_fft // 2 + 1)
    low, high = _hz_to_mel(np.array([settings.f_min, top]), settings.mel_scale).tolist()
    edges = _mel_to_hz(np.linspace(low, high, settings.n_mels + 2), settings.mel_scale)
    below, centre, above = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    filters = np.maximum(0, np.minimum((bins - below) / (centre - below), (above - bins) / (above - centre)))
    if settings.mel_norm == "slaney":
        filters *= 2 / (above - below)
    return scipy.sparse.csr_array(filters.astype(np.float32))


def _hz_to_mel(hz: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    if scale == "htk":
        return np.asarray(2595 * np.log10(1 + hz / 700))
    return np.where(hz < 1000, hz * 3 / 200, 15 + 27 * np.log(np.maximum(hz, 1) / 1000) / np.log(6.4))


def _mel_to_hz(mel: NDArray[np.float64], scale: str) -> NDArray[np.float64]:
    if scale == "htk":
        return np.asarray(700 * (10 ** (mel / 2595) - 1))
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


@lru_cache(maxsize=16)
def _periodic_hann(length: int) -> NDArray[np.float32]:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length), np.float32)
