"""(f) MS-CLAP's encoder per window against the bare tower at its best batch and msclap's batched API."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.clap.encoder import ClapEncoder
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.errors import AsdError
from asd_core.pipeline.threads import one_thread
from tests.benchmarks.figures import Figure

RATE = 16_000  # Hz of the recordings; the bare tower gets them resampled
NEAR = 0.01  # of the smallest distance between two embeddings

Runs = dict[str, Callable[[], NDArray[np.float32]]]


def against_msclap(_: Path, windows: int, repeats: int, say: Callable[[str], None], device: str = "") -> list[Figure]:
    """Milliseconds a window of the encoder, in float32 and bf16, of the tower alone and of the API, in turn.

    On a CPU one thread and its time, on a GPU the wall clock. float32 is exact in all of them: with TF32, which GPUs
    compute with by default, the API's own embeddings would be 2 % away.

    Raises:
        AsdError: the embeddings differ, so that there is nothing to compare.
    """
    import torch

    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    clock = time.perf_counter if device == "cuda" else time.process_time
    with one_thread(), exact_float32():
        runs, batch = _runs(windows, device, clock)
        found = {name: run() for name, run in runs.items()}
        _check(found)
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        for repeat in range(repeats):
            for name in list(runs)[:: -1 if repeat % 2 else 1]:
                start = clock()
                runs[name]()
                seconds[name].append(clock() - start)
            taken = ", ".join(f"{name} {times[-1]:.2f} s" for name, times in seconds.items())
            say(f"repeat {repeat + 1} of {repeats}: {taken}")
    per_window = {name: tuple(1000 * taken / windows for taken in times) for name, times in seconds.items()}
    exact, rough = found["encoder"], found["encoder in bf16"]
    deviation = float((np.linalg.norm(rough - exact, axis=1) / np.linalg.norm(exact, axis=1)).max())
    name = "f MS-CLAP encoder"
    return [
        Figure(name, f"tower at its best batch ({batch}) ÷ encoder", _ratios(per_window, "tower"), at_least=0.95),
        Figure(name, "msclap's batched API ÷ encoder", _ratios(per_window, "API"), at_least=1.0),
        *(Figure(name, f"{run} on {device}", values, "ms/window") for run, values in per_window.items()),
        Figure(name, "largest deviation in bf16 of an embedding's length", (deviation,)),
        Figure(name, "smallest distance of two embeddings, likewise", (_smallest_distance(exact),)),
    ]


def _runs(windows: int, device: str, clock: Callable[[], float]) -> tuple[Runs, int]:
    """What is measured, by name, and the tower's best batch."""
    import torch
    from torchaudio.transforms import Resample

    from tests.asd_core.encoders.clap.random_towers import sounds, wrapper

    recordings = sounds(windows, 7.0, RATE)
    names = ("float32", "bf16" if device == "cpu" else "bf16-cuda")
    encoder, rough = (ClapEncoder("random", precision=precision, device=device) for precision in names)
    encoder.load()
    module = encoder._tower.module
    original = wrapper(module, {str(i): (samples, RATE) for i, samples in enumerate(recordings)})
    original.use_cuda = device == "cuda"
    resampled = Resample(RATE, 44_100)(torch.from_numpy(recordings)).to(device)

    def tower(batch: int) -> NDArray[np.float32]:
        with torch.inference_mode():
            parts = [module(part)[0] for part in resampled.split(batch)]
            return np.asarray(torch.cat(parts).cpu().numpy())

    def api(batch: int) -> NDArray[np.float32]:
        names = [str(i) for i in range(windows)]
        return np.asarray(torch.cat(list(original.get_audio_embeddings_per_batch(names, batch))).cpu().numpy())

    def seconds(batch: int) -> float:
        start = clock()
        tower(batch)
        return clock() - start

    sizes = [size for size in ((1, 2, 4, 8) if device == "cpu" else (16, 32, 64, 128, 256)) if size <= windows]
    best = min(sizes, key=lambda size: min(seconds(size) for _ in range(2)))
    return {
        "encoder": lambda: encoder.embed_at(recordings, RATE),
        "tower": lambda: tower(best),
        "API": lambda: api(best),
        "encoder in bf16": lambda: rough.embed_at(recordings, RATE),
    }, best


def _check(found: dict[str, NDArray[np.float32]]) -> None:
    theirs = found["API"]
    gap = np.linalg.norm(found["encoder"] - theirs, axis=1).max()
    smallest = _smallest_distance(theirs) * float(np.linalg.norm(theirs, axis=1).mean())
    if gap > NEAR * smallest:
        raise AsdError(f"the embeddings differ by {gap:.3g}, where the nearest two are {smallest:.3g} apart")


def _ratios(per_window: dict[str, tuple[float, ...]], name: str) -> tuple[float, ...]:
    return tuple(b / a for a, b in zip(per_window["encoder"], per_window[name], strict=True))


def _smallest_distance(embeddings: NDArray[np.float32]) -> float:
    """Between any two of them, as a share of their length."""
    from scipy.spatial.distance import pdist

    return float(pdist(embeddings).min() / np.linalg.norm(embeddings, axis=1).mean())
