"""Steps a second of a training, and the share of the time for which it waits for its inputs."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.trainable import encoder_table
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.training.job import TrainingJob, decoded_here, run_job
from asd_core.training.loop import Asked
from asd_core.training.plan import Positions
from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.device import watched
from tests.benchmarks.gpu.items import Place, Say
from tests.benchmarks.recordings import write_archive

CLASSES = 10
RECIPES = {"multires": ("multires", "multires-small"), "anopatch": ("anopatch", "anopatch-random")}
"""The recipe, and that of a dry run."""
STEPS = {"multires": 40, "anopatch": 8}  # one of anopatch is 256 clips


def steps(place: Place, kind: str, say: Say) -> list[Figure]:
    """Steps a second with the recipe's own batches, in float32 and bf16, from files and from inputs in memory.

    The idle share is what the steps from files lack of those from memory.
    """
    recipe = load_recipe(RECIPES[kind][place.is_dry]).with_settings({"encoder.weights": "random"})
    count = place.either(STEPS[kind], 2)
    training = recipe.for_machine("").training
    small = {"batch_size": 2, "accumulation": 1} if place.is_dry else {}
    training = replace(training, **small, steps=count, keep=())
    clips = write_archive(place.folder / "archive", training.batch_size * training.accumulation * count + 1, 10.0)
    indices = np.arange(len(clips)) % CLASSES
    table = encoder_table(recipe.for_machine("").encoder)
    figures = []
    for precision in ("float32",) if place.is_dry else ("float32", "bf16"):
        config = replace(training, precision=precision)
        rates = {}
        for name, source in (("memory", InMemory), ("files", decoded_here)):
            url = LocalFiles(place.folder / f"{precision}-{name}").url
            job = TrainingJob(url, "run", table, config, clips, indices, CLASSES, place.device, os.cpu_count() or 1)
            clock = Clock()
            with watched() as busy:
                run_job(job, source, report=clock)
            rates[name] = clock.rate
        say(f"{kind} in {precision}: {rates['files']:.3g} steps/s from files, {rates['memory']:.3g} from memory")
        what = f"{precision}, batches of {config.batch_size} x {config.accumulation}"
        figures += [
            Figure(kind, f"{what}: from files", (rates["files"],), "steps/s"),
            Figure(kind, f"{what}: from memory", (rates["memory"],), "steps/s"),
            Figure(kind, f"{what}: idle share", (max(0.0, 1 - rates["files"] / rates["memory"]),), at_most=0.05),
            Figure(kind, f"{what}: share of the time that the GPU is busy, from files", (busy.share,)),
        ]
    return figures


class Clock:
    """Steps a second after the first quarter of the steps, which warms up."""

    def __init__(self) -> None:
        self._at: dict[int, float] = {}

    def __call__(self, done: int, of: int, _loss: float) -> None:
        """See `asd_core.training.loop.Report`."""
        if not self._at and done * 4 >= of or done == of:
            self._at[done] = time.perf_counter()

    @property
    def rate(self) -> float:
        """NaN where fewer than two were told."""
        if len(self._at) < 2:
            return math.nan
        (first, start), (last, end) = self._at.items()
        return (last - first) / (end - start)


class InMemory:
    """The same noise for every batch, at no cost."""

    def __init__(self, job: TrainingJob, sample_rate: int) -> None:
        self.lost: dict[str, str] = {}
        length = round(job.encoder.clip_seconds * sample_rate)
        drawn = np.random.default_rng(0).normal(0, 0.1, (job.config.batch_size, length))
        self._inputs = drawn.astype(np.float32)

    def __call__(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        """See `asd_core.training.loop.Source`."""
        for asked in batches:
            yield asked.positions, self._inputs[: len(asked.positions)]
