"""(e) Decoding and TWFR per clip against the obvious pipeline of soundfile and torchaudio, one thread each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import soundfile
from numpy.typing import NDArray

from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.twfr import TwfrEncoder
from asd_core.errors import AsdError
from asd_core.pipeline.decoding import decode_shard
from asd_core.pipeline.encoding import encode_shard
from asd_core.pipeline.threads import one_thread
from tests.benchmarks.figures import Figure
from tests.benchmarks.recordings import write_archive

R = 0.98
NEAR = 1e-2  # dB: float32 spectra of two FFTs, and logarithms of weak bins


def against_reference(folder: Path, clips: int, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """Milliseconds a clip of ours and of the reference in turn, and their ratio, in CPU time.

    Raises:
        AsdError: the embeddings differ, so that there is nothing to compare.
    """
    archive = write_archive(folder / "twfr", clips, 10.0)
    files = sorted((folder / "twfr").rglob("*.wav"), key=lambda path: f"file://{path}")
    reference = Reference(R)
    seconds: dict[str, list[float]] = {"ours": [], "reference": []}
    with one_thread():
        found = {"ours": ours(archive), "reference": reference(files)}  # also what first calls cost
        order = np.argsort(archive["uri"].to_pylist(), kind="stable")
        gap = float(np.abs(found["ours"][order] - found["reference"]).max())
        if gap > NEAR:
            raise AsdError(f"the two pipelines differ by {gap:.3g} dB: they do not compute the same")
        for repeat in range(repeats):
            for name in ("ours", "reference")[:: -1 if repeat % 2 else 1]:
                start = time.process_time()  # one thread each, and files in memory: nothing to wait for
                ours(archive) if name == "ours" else reference(files)
                seconds[name].append(time.process_time() - start)
            say(f"repeat {repeat + 1} of {repeats}: {seconds['ours'][-1]:.2f} s, {seconds['reference'][-1]:.2f} s")
    per_clip = {name: tuple(1000 * taken / clips for taken in times) for name, times in seconds.items()}
    ratios = tuple(b / a for a, b in zip(per_clip["ours"], per_clip["reference"], strict=True))
    name = "e TWFR and decoding"
    return [
        Figure(name, "torchaudio pipeline ÷ ours, CPU time a clip", ratios),
        Figure(name, "ours", per_clip["ours"], "ms/clip"),
        Figure(name, "soundfile, torchaudio, sort, weights", per_clip["reference"], "ms/clip"),
        Figure(name, "largest difference of the embeddings", (gap,), "dB"),
    ]


def ours(clips: pa.Table) -> NDArray[np.float32]:
    """Embeddings (N, D) by the functions that a shard goes through, all but the commit."""
    config, encoder = EncoderConfig(), TwfrEncoder(r=R)
    decoded = list(decode_shard(clips, config, encoder.sample_rate))
    embeddings = [row for row in encode_shard(decoded, encoder, config.batch_size) if isinstance(row, np.ndarray)]
    return np.stack(embeddings)


class Reference:
    """The features as one writes them down first."""

    def __init__(self, r: float) -> None:
        import torch
        import torchaudio

        self._mel = torchaudio.transforms.MelSpectrogram(16_000, n_fft=1024, hop_length=512, n_mels=128)
        self._decibels = torchaudio.transforms.AmplitudeToDB("power")
        self._r, self._torch = r, torch

    def __call__(self, files: list[Path]) -> NDArray[np.float32]:
        """Embeddings (N, D) of files."""
        return np.stack([self._embedding(file) for file in files])

    def _embedding(self, file: Path) -> Any:
        torch = self._torch
        waveform = torch.from_numpy(soundfile.read(file, dtype="float32")[0])
        descending = torch.sort(self._decibels(self._mel(waveform)), dim=1, descending=True).values
        weights = self._r ** torch.arange(descending.shape[1])
        return (descending @ (weights / weights.sum())).numpy()
