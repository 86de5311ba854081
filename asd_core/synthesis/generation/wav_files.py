"""A generated clip as a WAV file, and the reasons for which there is none."""

from __future__ import annotations

import io

import numpy as np

from asd_core.errors import ClipError
from asd_core.synthesis.signals import Samples

_LEAST = 2.0**-16  # largest sample of a recording that 16 bits would write as nothing but zeros


def check_usable(waveform: Samples) -> None:
    """Raise ClipError for samples (T,) that no file is made of.

    Raises:
        ClipError: ``not_finite``: a sample is no number or infinite; ``silent``: nothing but a constant.
    """
    bad = int((~np.isfinite(waveform)).sum())
    if bad or not waveform.size:
        raise ClipError("not_finite", f"{bad} of {waveform.size} samples are no finite numbers")
    largest = float(np.abs(waveform - waveform.mean(dtype=np.float64)).max())
    if largest < _LEAST:
        raise ClipError("silent", f"no sample moves by more than {largest:.2g} of full scale")


def wav_bytes(waveform: Samples, sample_rate: int) -> bytes:
    """The bytes of a WAV file of 32-bit floating-point samples, exactly as they are; the same for the same samples."""
    import scipy.io.wavfile  # soundfile would write the time of day into the file

    file = io.BytesIO()
    scipy.io.wavfile.write(file, sample_rate, np.ascontiguousarray(waveform, np.float32))
    return file.getvalue()
