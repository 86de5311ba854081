"""Files of one recording in many containers, and the tags and chunks that programs put around the sound."""

from __future__ import annotations

import io
import struct

import numpy as np
import soundfile

RATE = 16_000
SAMPLES = (np.random.default_rng(0).standard_normal(20_000) * 3000).astype(np.int16)
LOSSLESS = ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF", "FLAC")
"""libsndfile's names of containers that keep every sample."""

ID3 = b"ID3\x04\x00\x00\x00\x00\x08\x00TIT2" + bytes(1020)
ID3V1 = b"TAG" + bytes(125)
APE = b"APETAGEX" + struct.pack("<IIII", 2000, 2000, 0, 0) + bytes(8)
APE_BEHIND = bytes(2000 - 32) + APE
LIST = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf58.29.100\0"


def encode(form: str, samples: np.ndarray = SAMPLES, subtype: str | None = None) -> bytes:
    """A file of one of libsndfile's formats, 16 bit where it keeps every sample."""
    file = io.BytesIO()
    subtype = subtype or ("PCM_16" if form in LOSSLESS else None)
    soundfile.write(file, samples, RATE, format=form, subtype=subtype)
    return file.getvalue()


def patched(data: bytes, at: int, value: int, size: int = 4, order: str = "little") -> bytes:
    """The bytes with another number at a place."""
    return data[:at] + value.to_bytes(size, order) + data[at + size :]  # type: ignore[arg-type]


def chunk(name: bytes, body: bytes, size: int | None = None, pad: bool = True) -> bytes:
    """A chunk of a RIFF file, of its own size or another."""
    padding = b"\0" if pad and len(body) % 2 else b""
    return name + struct.pack("<I", len(body) if size is None else size) + body + padding


def riff(*chunks: bytes, size: int | None = None, magic: bytes = b"RIFF") -> bytes:
    """A RIFF file of chunks, of its own size or another."""
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body


PCM = SAMPLES.tobytes()
FORMAT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
SOUND = chunk(b"data", PCM)


def ds64(form: int, sound: int) -> bytes:
    """The chunk of an RF64 file that holds the sizes."""
    return chunk(b"ds64", struct.pack("<QQQI", form, sound, 0, 0))
