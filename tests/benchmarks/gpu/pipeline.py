"""The whole way on Ray: files are decoded on CPUs, cross the object store once, and are embedded on a GPU."""

from __future__ import annotations

import math
import shutil
import time
from contextlib import ExitStack

from asd_core.pipeline.embed_missing import embed
from asd_core.recipe.recipe import load_recipe
from asd_core.store.store import open_store
from cluster.engine import RayEngine
from cluster.resources import Resources
from cluster.session import session
from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.device import Busy, watched
from tests.benchmarks.gpu.items import Place, Say
from tests.benchmarks.recordings import write_archive

RECIPE = "clap-knn-random"


def decode_to_gpu(place: Place, say: Say) -> list[Figure]:
    """Clips a second of ten-second WAV files with one encoder a GPU and with two, and how busy the GPU is.

    Both from the first shard that is stored to the last: the start of processes and the loading of weights lie before.
    """
    clips = write_archive(place.folder / "archive", place.either(6_144, 16), 10.0)
    figures = []
    for precision, shares in {"float32": (1.0, 0.5), "bf16-cuda": (0.5,)}.items():
        if place.is_dry and precision != "float32":
            continue
        recipe = load_recipe(RECIPE).with_settings({"encoder.precision": precision})
        for share in (0.0,) if place.is_dry else shares:
            store = place.folder / "store"
            with session(cpus=2 if place.is_dry else None), ExitStack() as opened:
                engine = RayEngine(Resources(gpus_per_encoder=share))
                clock = Clock(opened)
                embed(open_store(str(store)), recipe.encoders_of(clips), clips, engine, clock)
                clock.stop()
            shutil.rmtree(store)
            name = f"{precision}, --gpus {share:g}, {engine.workers} CPUs"
            say(f"{name}: {clock.rate:.3g} clips/s")
            figures.append(Figure("pipeline", f"{name}: {clock.clips:,} clips", (clock.rate,), "clips/s"))
            figures.append(Figure("pipeline", f"{name}: share of the time that the GPU is busy", (clock.busy.share,)))
    return figures


class Clock:
    """Told as shards are stored; looks at the GPU from the first one on."""

    def __init__(self, opened: ExitStack) -> None:
        self._opened = opened
        self._at: list[tuple[int, float]] = []
        self.busy = Busy()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """See `asd_core.pipeline.engine.Progress`."""
        if stage != "embedding clips" or not done:
            return
        if not self._at:
            self.busy = self._opened.enter_context(watched())
        self._at.append((done, time.perf_counter()))

    def stop(self) -> None:
        """Look at the GPU no more."""
        self._opened.close()

    @property
    def clips(self) -> int:
        """Stored between the first shard and the last."""
        return self._at[-1][0] - self._at[0][0] if self._at else 0

    @property
    def rate(self) -> float:
        """Clips a second; NaN where all came at once."""
        seconds = self._at[-1][1] - self._at[0][1] if self._at else 0.0
        return self.clips / seconds if seconds else math.nan
