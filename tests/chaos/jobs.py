"""The jobs that chaos interrupts: what each starts from, its command, and the rows that it leaves in a store."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from asd_core.store.addresses import open_files
from asd_core.store.store import Store
from tests.asd_core.tuning.gather.recordings import write_machines
from tests.cluster.fleet import NIGHT, NORMAL, RECIPE, write_fleet
from tests.command import asd
from tests.fleet import NIGHTS
from tests.fleet import write_fleet as write_short_fleet
from tests.jobs.trained import RECIPE as TRAINED
from tests.labelled_plant import QUICK, write_labelled_plant

_SPACE = """
"encoder.r" = { low = 0.0, high = 1.0, step = 0.1 }
"detector.k" = { grid = [1, 2, 4, 8] }
"detector.density" = { choice = ["none", "nearest"] }
"""
_MANY_CLIPS = ("--set", "generator.clips=6", "--set", "generator.ddim_steps=10", "--set", "generator.generate_batch=1")
_LLM = ("--captioner", "llm", "--caption-method", "acoustic", "--llm-model", "m")
_LLM = (*_LLM, "--llm-requests-per-minute", "6000", "--llm-concurrency", "8", "--llm-base-url")
_BACKFILL = ("backfill-captions", "--since", NORMAL, "--until", NIGHT, "--top", "4", "--read-audio")


@dataclass(frozen=True)
class Place:
    """A folder or bucket with the archives and the stores that jobs start from.

    Attributes:
        url: of the folder or bucket.
        folder: on this machine, for what commands read from there.
    """

    url: str
    folder: Path

    @property
    def archive(self):
        return f"{self.url}/archive"

    def start(self, name):
        """Address of the store that jobs of a kind start from."""
        return f"{self.url}/start/{name}"


@dataclass(frozen=True)
class Job:
    """A command under attack.

    Attributes:
        name: in tables.
        start: name of the store that it starts from: ``empty``, ``fitted`` or ``scored``.
        words: (place, LLM's address) → its command, but for its store.
        rows: store → (key, row) pairs, which an unbroken run leaves too.
        asks: whether it asks a language model.
    """

    name: str
    start: str
    words: Callable
    rows: Callable
    asks: bool = False


def write_place(place):
    """The archives, and the stores that jobs start from."""
    write_fleet(place.archive, machines=12, clips=40)
    _write_embeddings(place.folder / "features")
    write_machines(place.folder / "labelled", {"fan": ["00", "01"], "valve": ["00"]})
    (place.folder / "space.toml").write_text(_SPACE)
    write_short_fleet(place.folder / "short")
    (place.folder / "tiny.toml").write_text(TRAINED.format(epochs=40))
    write_labelled_plant(place.folder / "plant")
    for start in ("fitted", "scored"):
        _run("fit", place.archive, *RECIPE, "--store", place.start(start), "--until", NORMAL)
    for night in (NORMAL, NIGHT):
        silent = ("--no-captions", "--no-report")
        _run("nightly", place.archive, *RECIPE, "--store", place.start("scored"), "--date", night, *silent)


def copy_of_start(place, job, store):
    """Copy the store that a job starts from."""
    begun, files = open_files(place.start(job.start)), open_files(store)
    for info in begun.list():
        files.write(info.path, begun.read(info.path))


def _run(*words):
    said = asd(*words, "--local", "--quiet")
    if said.code:
        raise RuntimeError(said.err)


def _write_embeddings(folder, machines=24, dim=256):
    folder.mkdir(parents=True)
    for machine in range(machines):
        rng = np.random.default_rng(machine)
        arrays = {"X_train": rng.normal(size=(400, dim)), "X_test": rng.normal(size=(100, dim))}
        arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
        np.savez(folder / f"fan_id_{machine:02d}.npz", **arrays, y_test=np.arange(100) % 2)


def _tables(store, folder, *inside):
    """The Parquet files below a folder of the store whose names have a part."""
    for info in store.files.list(folder):
        if info.path.endswith(".parquet") and all(part in info.path for part in inside):
            yield pq.read_table(io.BytesIO(store.files.read(info.path)))


def _scores(store):
    records = store.runs("nightly")
    rows = [row for record in records for row in store.read_scores(record).to_pylist()]
    return [(row["clip_id"], row) for row in rows]


def _scorers(store):
    """Machine → version of its newest scorer, a digest in it, where that is whole."""
    named = [info.path.removeprefix("newest_") for info in store.files.list("newest_scorers")]
    whole = [path for path in named if store.files.exists(f"{path}/scorer.json")]
    return [tuple(path.rsplit("/", 1)) for path in whole]


def _settings(store):
    rows = [row for table in _tables(store, "tuning/results") for row in table.to_pylist()]
    return [((row["data"], row["setting_id"]), {**row, "seconds": None}) for row in rows]


def _captions(store):
    kept = ("difference_caption", "prompt", "findings", "error_reason", "scorer_version")
    rows = [row for table in _tables(store, "captions") for row in table.to_pylist()]
    return [((row["clip_id"], row["method"]), [row[name] for name in kept]) for row in rows]


def _embeddings(store):
    rows = [row for table in _tables(store, "embeddings", "/shards/") for row in table.to_pylist()]
    names = [("name", name) for name in store.encoder_names()]
    return [(row["uri"], row["embedding"]) for row in rows] + names


def _weights(store):
    return [(name, each["folder"]) for name, each in store.encoder_names().items()]


def _generated(store):
    rows = [row for table in _tables(store, "synthetic", "/clips.parquet") for row in table.to_pylist()]
    return [(row["path"], row["sha256"]) for row in rows]


JOBS = {
    job.name: job
    for job in (
        Job(
            "nightly",
            "fitted",
            lambda place, llm: ("nightly", place.archive, *RECIPE, "--no-captions"),
            _scores,
        ),
        Job(
            "fit",
            "empty",
            lambda place, llm: ("fit", place.archive, *RECIPE, "--until", NIGHT),
            _scorers,
        ),
        Job(
            "tune",
            "empty",
            lambda place, llm: (
                *("tune", place.folder / "labelled", "--recipe", "twfr-knn"),
                *("--space", place.folder / "space.toml"),
            ),
            _settings,
        ),
        Job(
            "caption",
            "scored",
            lambda place, llm: ("caption", *RECIPE, "--date", NIGHT, *_LLM, llm),
            _captions,
            asks=True,
        ),
        Job(
            "backfill",
            "scored",
            lambda place, llm: (*_BACKFILL, *RECIPE, *_LLM, llm),
            _captions,
            asks=True,
        ),
        Job(
            "import",
            "empty",
            lambda place, llm: ("import-embeddings", place.folder / "features", "--encoder", "made"),
            _embeddings,
        ),
        Job(
            "train",
            "empty",
            lambda place, llm: (
                *("train", place.folder / "short", "--recipe", place.folder / "tiny.toml"),
                *("--as", "own", "--until", NIGHTS[1]),
            ),
            _weights,
        ),
        Job(
            "synthesize",
            "empty",
            lambda place, llm: (
                *("synthesize", place.folder / "plant", "--targets", "grinder"),
                *("--as", "x", *QUICK, *_MANY_CLIPS),
            ),
            _generated,
        ),
    )
}


def rows_of(job, store):
    """(key, row) pairs that a job left in the store at an address."""
    return job.rows(Store(open_files(store)))


def unknown_of(store):
    """Requests to a language model that the captions of a store count as cut off by a crash."""
    tables = _tables(Store(open_files(store)), "captions")
    return sum(sum(table["unknown"].to_pylist()) for table in tables)
