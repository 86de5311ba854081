"""The whole way on Ray: files are decoded on CPUs, cross the object store once, and are embedded on a GPU."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from asd_core.pipeline.embed_missing import embed
from asd_core.recipe.recipe import load_recipe
from asd_core.store.store import open_store
from cluster.engine import RayEngine
from cluster.resources import Resources
from cluster.session import session
from tests.benchmarks.figures import Figure
from tests.benchmarks.gpu.device import watched
from tests.benchmarks.gpu.items import Place, Say
from tests.benchmarks.recordings import write_archive

RECIPE = "clap-knn-random"


def decode_to_gpu(place: Place, say: Say) -> list[Figure]:
    """Clips a second of ten-second WAV files with one encoder a GPU and with two, and how busy the GPU is."""
    clips = write_archive(place.folder / "archive", place.either(4_096, 2), 10.0)
    figures = []
    for precision in ("float32",) if place.is_dry else ("float32", "bf16-cuda"):
        recipe = load_recipe(RECIPE).with_settings({"encoder.precision": precision})
        for share in (0.0,) if place.is_dry else (1.0, 0.5):
            with session(cpus=2 if place.is_dry else None):
                engine = RayEngine(Resources(gpus_per_encoder=share))
                store = place.folder / "store"
                _embed(store, recipe, clips.slice(0, place.either(256, 1)), engine)  # starts processes
                start = time.perf_counter()
                with watched() as busy:
                    done = _embed(store, recipe, clips, engine)
                rate = done / (time.perf_counter() - start)
            shutil.rmtree(store)
            name = f"{precision}, --gpus {share:g}, {engine.workers} CPUs"
            say(f"{name}: {rate:.3g} clips/s")
            figures.append(Figure("pipeline", f"{name}: {done:,} clips", (rate,), "clips/s"))
            figures.append(Figure("pipeline", f"{name}: share of the time that the GPU is busy", (busy.share,)))
    return figures


def _embed(store: Path, recipe, clips, engine) -> int:  # type: ignore[no-untyped-def]
    """Embed what is left; gives how many clips that were."""
    done = embed(open_store(str(store)), recipe.encoders_of(clips), clips, engine)
    return int(done.decoded)
