"""Decoded clips as bytes that travel from a decoder to an encoder: 16-bit where that is exact, each sample once."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.cut_windows import Windows
from asd_core.encoders.protocol import FULL_SCALE
from asd_core.errors import ClipError
from asd_core.pipeline.decoding import DecodedClip

_ALIGNED = 4  # bytes


def pack(decoded: list[DecodedClip]) -> bytes:
    """Decoded clips as bytes: samples as plain arrays, the rest as JSON. Windows are cut at the other end."""
    arrays = [None if clip.waveforms is None else _samples(clip.waveforms) for clip in decoded]
    heads = [
        vars(clip)
        | {
            "waveforms": None if samples is None else _place(clip.waveforms, samples),
            "error": clip.error and [clip.error.reason, clip.error.message, clip.error.transient],
        }
        for clip, samples in zip(decoded, arrays, strict=True)
    ]
    head = json.dumps(heads).encode()
    head += b" " * (-(8 + len(head)) % 64)  # so that the arrays behind it are aligned
    parts: list[bytes | memoryview] = [len(head).to_bytes(8, "little"), head]
    for samples in arrays:
        if samples is not None:
            parts += [samples.data, b" " * (-samples.nbytes % _ALIGNED)]
    return b"".join(parts)


def unpack(data: bytes) -> list[DecodedClip]:
    """The clips of `pack`, with waveforms that are 16-bit integers where they travelled so."""
    end = 8 + int.from_bytes(data[:8], "little")
    clips = []
    for head in json.loads(data[8:end]):
        if (place := head["waveforms"]) is not None:
            samples = np.frombuffer(data, place["dtype"], int(np.prod(place["shape"])), end).reshape(place["shape"])
            end += samples.nbytes + -samples.nbytes % _ALIGNED
            is_cut = "starts" in place
            head["waveforms"] = Windows(samples, np.array(place["starts"]), place["length"]) if is_cut else samples
        if head["error"] is not None:
            reason, message, transient = head["error"]
            head["error"] = ClipError(reason, message, transient=transient)
        clips.append(DecodedClip(**head))
    return clips


def _place(waveforms: NDArray[Any] | Windows | None, samples: NDArray[Any]) -> dict[str, Any]:
    """The form of the samples, and the windows to cut from them."""
    place: dict[str, Any] = {"shape": samples.shape, "dtype": samples.dtype.str}
    if isinstance(waveforms, Windows):
        place |= {"starts": waveforms.starts.tolist(), "length": waveforms.length}
    return place


def _samples(waveforms: NDArray[Any] | Windows) -> NDArray[Any]:
    """Samples as 16-bit integers where that is exact, which halves the bytes to send."""
    samples = np.ascontiguousarray(waveforms.samples if isinstance(waveforms, Windows) else waveforms)
    if samples.dtype == np.int16:
        return samples
    scaled = samples * np.float32(FULL_SCALE)
    if not (scaled.min(initial=0) >= -FULL_SCALE and scaled.max(initial=0) < FULL_SCALE):
        return samples
    integers = scaled.astype(np.int16)
    return integers if np.array_equal(integers, scaled) else samples
