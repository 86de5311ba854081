"""`make train-demo`: a network trained on a simulated fleet, and judged on an unseen night against TWFR and twins.

For each seed a fleet is simulated whose machines run under several working conditions. The recipe `multires-small` is
trained on its normal nights by `asd train`, then scorers of every recipe are fitted to the same clips and judge the
faults of a night that nobody has heard. Untrained twins are the same network with random weights, as they were drawn,
and with batch normalisation that has heard the training clips: what training adds is the difference to both. Last, the
first training is done again, killed half way and resumed: its weights must be the same to the bit.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import training_clips
from asd_core.evaluation.comparison import markdown_table
from asd_core.pipeline.engine import Engine, LocalEngine
from asd_core.pipeline.processes import ProcessEngine
from asd_core.recipe.named_encoder import with_encoder
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.recipe.text import recipe_text
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.store import Store, open_store
from asd_core.synthesis.fleet.faults import KINDS
from tests.accuracy.faults_heard import Heard, heard, joined, table, verdicts
from tests.accuracy.working_conditions import SEVERITIES, ConditionedFleet, write_fleet

TRAINED, UNTRAINED, STILL = "trained network", "untrained network", "untrained, batch statistics of the clips"
FEATURES = ("fleet", "twfr-knn")
ALL = [("all", "faults")]
BY_SEVERITY = [*ALL, *(("severity", name) for name in SEVERITIES)]
NAME = "net"
RECIPE = load_recipe("multires-small").with_settings({"training.epochs": 8})
_STILL_NAME = "still"
_NO_STEP = 1e-12  # a learning rate that moves no weight, while batch normalisation hears the clips

Say = Callable[[str], None]
Train = Callable[[Path, str, Recipe, str], dict[str, Any]]
"""Trains a recipe on an archive under a name in a store, and gives what `asd train --json` says."""


@dataclass(frozen=True)
class Demo:
    """One demonstration.

    Attributes:
        folder: for everything that is written.
        fleet: of the seed that is replaced in turn.
        recipe: whose network is trained.
        seeds: of fleets and weights.
        engine: as of ``asd train --engine``.
    """

    folder: Path
    fleet: ConditionedFleet
    recipe: Recipe
    seeds: tuple[int, ...]
    engine: str = "processes"

    def archive(self, seed: int) -> Path:
        """The manifest of a seed's fleet, written where it is missing."""
        return write_fleet(self.folder / f"fleet-{seed}", replace(self.fleet, seed=seed))

    def trained_with(self, seed: int) -> Recipe:
        """The recipe with the seed of its weights."""
        return self.recipe.with_settings({"training.seed": seed})


def judged(demo: Demo, seed: int, train: Train, engine: Engine, say: Say) -> dict[str, Heard]:
    """Train on the fleet of one seed, and judge every recipe on its test night."""
    archive, store_folder = demo.archive(seed), str(demo.folder / f"store-{seed}")
    recipe, start = demo.trained_with(seed), time.monotonic()
    told = train(archive, store_folder, recipe, NAME)
    weights, clips, classes = told["network"]["parameters"], told["trained"], len(told["classes"])
    say(f"seed {seed}: {weights:,} weights trained on {clips} clips of {classes} classes, {_since(start)}")
    still = recipe.with_settings({"training.learning_rate": _NO_STEP, "training.epochs": 2, "training.keep": []})
    train(archive, store_folder, still, _STILL_NAME)
    store = open_store(store_folder)
    contestants = {
        TRAINED: _with_encoder(store, recipe, NAME),
        STILL: _with_encoder(store, recipe, _STILL_NAME),
        UNTRAINED: recipe.with_settings({"encoder.weights": f"random:{seed}"}),
        **{f"`{name}`": load_recipe(name) for name in FEATURES},
    }
    found: dict[str, Heard] = {}
    for name, one in contestants.items():
        start = time.monotonic()
        found[name] = heard(_scores(store, one, archive, engine), seed)
        figures = ", ".join(table({name: found[name]}, BY_SEVERITY)[1][1:])
        say(f"seed {seed}: {name} fitted and judged, {_since(start)}: {figures}")
    return found


def _with_encoder(store: Store, recipe: Recipe, name: str) -> Recipe:
    return with_encoder(recipe, name, store.encoder_names(), store.files.url)


def _scores(store: Store, recipe: Recipe, archive: Path, engine: Engine) -> pa.Table:
    clips = list_archive(str(archive)).clips
    fit(store, recipe, training_clips(clips), engine)
    return store.read_scores(score(store, recipe, clips.filter(pc.equal(clips["split"], "test")), engine))


def report(recipes: dict[str, Heard]) -> list[str]:
    """Lines of Markdown: figures by severity and by kind, and where the trained network is better or worse."""
    kinds = [("kind", kind) for kind in sorted({kind for own in KINDS.values() for kind in own})]
    groups = [*BY_SEVERITY, *(group for group in kinds if group in recipes[TRAINED])]
    machines = len(recipes[TRAINED]["all", "faults"])
    return [
        f"AUC / pAUC, mean over {machines} machines of all fleets:",
        "",
        *markdown_table(turned(table(recipes, groups))),
        "",
        f"AUC of the {TRAINED} less that of another, machine by machine, ± its standard error; under two of them it is",
        "a tie:",
        "",
        *markdown_table(turned(verdicts(TRAINED, recipes, groups))),
        "",
    ]


def turned(rows: list[list[str]]) -> list[list[str]]:
    """A table with its columns as rows, which is narrow enough for a page."""
    return [list(row) for row in zip(*rows, strict=True)]


def command(demo: Demo, archive: Path, store: str, recipe: Recipe, name: str) -> list[str]:
    """The command line of ``asd train``, in a process of its own; the recipe is written beside the store."""
    recipe_file = Path(f"{store}-{recipe.name}.toml")
    recipe_file.parent.mkdir(parents=True, exist_ok=True)
    recipe_file.write_text(recipe_text(recipe))
    asd = [sys.executable, "-c", "from jobs.main import script; script()", "train", str(archive)]
    return [*asd, "--recipe", str(recipe_file), "--as", name, "--store", store, "--engine", demo.engine, "--json"]


def trained_by_command(demo: Demo, archive: Path, store: str, recipe: Recipe, name: str) -> dict[str, Any]:
    """Train by ``asd train``.

    Raises:
        SystemExit: it fails.
    """
    line = command(demo, archive, store, recipe, name)
    done = subprocess.run(line, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(line[3:])} failed:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def broken_and_resumed(demo: Demo, archive: Path, store: str, recipe: Recipe, name: str, say: Say) -> dict[str, Any]:
    """Train by ``asd train``, kill it with SIGKILL once half of its epochs are kept, and run the same command again."""
    line, half = command(demo, archive, store, recipe, name), recipe.for_machine("").training.epochs // 2
    running = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    while running.poll() is None and epochs_kept(Path(store), name) < half:
        time.sleep(0.05)
    if running.poll() is not None:
        raise SystemExit("the training ended before it could be killed: take more epochs")
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    say(f"killed after epoch {epochs_kept(Path(store), name)} of {2 * half}; the same command goes on")
    return trained_by_command(demo, archive, store, recipe, name)


def epochs_kept(store: Path, name: str) -> int:
    """The last epoch of which the course of a training under way tells."""
    states = list((store / "trained" / name / "under_way").glob("*/state.json"))
    history = json.loads(states[0].read_text())["history"] if states else []
    return int(history[-1]["epoch"]) if history else 0


def _since(start: float) -> str:
    return f"{time.monotonic() - start:.0f} s"


def same_weights(demo: Demo, seed: int, digest: str, say: Say) -> str:
    """A line that says whether a training that was killed half way and resumed has the weights of the unbroken one.

    Raises:
        SystemExit: it has others.
    """
    archive, store = demo.archive(seed), str(demo.folder / f"store-{seed}-broken")
    resumed = broken_and_resumed(demo, archive, store, demo.trained_with(seed), NAME, say)["digest"]
    if resumed != digest:
        raise SystemExit(f"the weights of the resumed training are {resumed}, those of the unbroken one {digest}")
    return f"Killed half way and resumed, the training of seed {seed} gives the same weights to the bit ({digest})."


def run(demo: Demo, engine: Engine, say: Say) -> list[str]:
    """The whole demonstration, as lines of Markdown."""
    start, digests = time.monotonic(), {}

    def train(archive: Path, store: str, recipe: Recipe, name: str) -> dict[str, Any]:
        told = trained_by_command(demo, archive, store, recipe, name)
        digests[name, recipe.for_machine("").training.seed] = told["digest"]
        return told

    by_seed = [judged(demo, seed, train, engine, say) for seed in demo.seeds]
    recipes: dict[str, Heard] = {name: joined([own[name] for own in by_seed]) for name in by_seed[0]}
    first = demo.seeds[0]
    resumed = same_weights(demo, first, digests[NAME, first], say)
    severities = ", ".join(f"{name} {value:g} dB" for name, value in SEVERITIES.items())
    heading = f"Seeds {', '.join(map(str, demo.seeds))}; severities {severities}."
    return [heading, "", *report(recipes), resumed, "", f"All of it took {_since(start)}."]


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, and print the report."""
    parser = argparse.ArgumentParser(prog="python -m tests.accuracy.train_demo")
    parser.add_argument("folder", nargs="?", default="train-demo", type=Path, help="for all that is written")
    parser.add_argument("--seeds", default="0,1,2", help="of fleets and weights")
    parser.add_argument("--engine", default="processes", choices=["local", "processes"], help="local: one CPU")
    given = parser.parse_args(arguments)
    seeds = tuple(int(seed) for seed in given.seeds.split(","))
    demo = Demo(given.folder, ConditionedFleet(), RECIPE, seeds, given.engine)
    with ExitStack() as opened:
        engine = LocalEngine() if given.engine == "local" else opened.enter_context(closing(ProcessEngine()))
        print("\n".join(run(demo, engine, lambda line: print(line, file=sys.stderr, flush=True))))


if __name__ == "__main__":
    main()
