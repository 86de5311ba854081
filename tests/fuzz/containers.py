"""A short recording in every container and coding that libsndfile writes, and so reads."""

import io
from functools import lru_cache

import numpy as np
import soundfile

from tests.sound_files import APE, APE_BEHIND, ID3, ID3V1, LIST

_RATE, _SECONDS = 16_000, 0.3
_UNHEADED = ("RAW", "SD2")  # nothing in their bytes tells what they are


@lru_cache(maxsize=1)
def recordings():
    """Name → bytes: ``WAV/PCM_16/1`` is one channel."""
    found = {}
    for form in soundfile.available_formats():
        for coding in soundfile.available_subtypes(form) if form not in _UNHEADED else ():
            for channels in (1, 2):
                data = _written(form, coding, channels)
                if data is not None:
                    found[f"{form}/{coding}/{channels}"] = data
    for name in ("WAV/PCM_16/1", "FLAC/PCM_16/1", "MP3/MPEG_LAYER_III/1", "OGG/VORBIS/1"):
        found[f"{name}/tagged"] = ID3 + found[name] + (LIST if name.startswith("WAV") else APE + APE_BEHIND + ID3V1)
    flac = found["FLAC/PCM_16/1"]
    told = int.from_bytes(flac[18:26], "big") >> 36 << 36
    found["FLAC/PCM_16/1/streamed"] = flac[:18] + told.to_bytes(8, "big") + flac[26:]
    return found


def _written(form, coding, channels):
    """The bytes of a file; None where libsndfile does not write this."""
    samples = np.random.default_rng(channels).normal(0, 0.1, (round(_SECONDS * _RATE), channels))
    sink = io.BytesIO()
    try:
        soundfile.write(sink, samples, _RATE, format=form, subtype=coding)
    except (soundfile.SoundFileError, ValueError, TypeError):
        return None
    return sink.getvalue()
