"""MS-CLAP's encoder as an actor feeds it: 16-bit recordings of ten seconds, cut into windows, at one rate."""

from __future__ import annotations

import time

import numpy as np

from asd_core.audio.cut_windows import cut_windows
from asd_core.encoders.clap.encoder import ClapEncoder
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.encoding import encode_shard
from cluster.decoded_bytes import pack, unpack
from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.device import watched
from tests.benchmarks.gpu.items import Place, Say

SECONDS, WINDOW, BATCH = 10.0, 7.0, 256


def rates(place: Place, sample_rate: int, say: Say) -> list[Figure]:
    """Windows a second in float32 and bf16, and how busy the GPU is, from the bytes of a shard to its embeddings."""
    clips, repeats = place.either(256, 1), place.either(6, 1)
    data = pack(
        [
            DecodedClip(cut_windows(one, round(WINDOW * sample_rate)), SECONDS, sample_rate=sample_rate)
            for one in recordings(clips, sample_rate)
        ]
    )
    figures = []
    for precision in ("float32", "bf16" if place.device == "cpu" else "bf16-cuda"):
        encoder = ClapEncoder("random", precision=precision, device=place.device)
        windows = sum(len(clip.waveforms) for clip in unpack(data) if clip.waveforms is not None)
        encode_shard(unpack(data), encoder, BATCH)
        found = []
        with watched() as busy:
            for _ in range(repeats):
                start = time.perf_counter()
                encode_shard(unpack(data), encoder, BATCH)
                found.append(windows / (time.perf_counter() - start))
        say(f"{precision} at {sample_rate} Hz: {found[-1]:.3g} windows/s")
        name = f"{precision}, {sample_rate} Hz"
        figures.append(Figure("encoder", f"{name}: {windows} windows from 16-bit bytes", tuple(found), "windows/s"))
        figures.append(Figure("encoder", f"{name}: share of the time that the GPU is busy", (busy.share,)))
    return figures


def recordings(count: int, sample_rate: int) -> list[np.ndarray]:
    """Noise as 16-bit recorders write it, as float32."""
    generator = np.random.default_rng(0)
    length = round(SECONDS * sample_rate)
    return [(generator.integers(-(2**13), 2**13, length) / 2**15).astype(np.float32) for _ in range(count)]
