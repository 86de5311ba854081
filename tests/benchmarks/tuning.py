"""(g) `asd tune` over the grid of TWFR-GMM against a search that computes the audio again for every setting."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.store.store import open_store
from asd_core.synthesis.fleet.faults import with_fault
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound
from asd_core.tuning.evaluate_settings import evaluate_machine
from asd_core.tuning.gather.gather import gather
from asd_core.tuning.space.setting import Setting, applied
from asd_core.tuning.validations import labelled_validations
from tests.benchmarks.figures import Figure
from tests.benchmarks.published_search import PublishedSearch
from tests.benchmarks.twfr_search import SAMPLE_RATE, Run, WrittenSearch

Reference = Callable[[int, float], Run]
"""Components and r → the search of that single setting."""

RECIPE = "twfr-gmm-strict"
CORES = 2
SEED = 0

NOTE = (
    "g: one simulated machine in the DCASE layout (990 source and 10 target normals to fit to, 50 normals and 50 "
    "anomalies of each domain to judge on, 10 s each). With --twfr-gmm the reference is TWFR-GMM's own search, from a "
    "checkout of its code, its sleeps taken off. Else it is written from the published description: for each setting "
    "librosa.load, torchaudio's mel spectrogram in dB, sort, weights, scikit-learn's mixture, and scores clip by "
    "clip. It runs on the threads its libraries take, on some settings of the grid; its search is scaled from them, "
    "component count by component count. Ours is the whole command `asd tune`, from the interpreter's start to the "
    "report. Embeddings differ by torchaudio's filterbank, which is float32 (up to 3e-4 dB from float64; ours is "
    "within 3e-6 dB); differences of scores are relative to the score, or to 1 nat a dimension where it is less. "
    "Clips whose scores differ by less than that may change places: one pair of 100 anomalies and 50 normals is 2e-4 "
    "of a domain's AUC."
)


@dataclass(frozen=True)
class Size:
    """How much is searched.

    Attributes:
        normals: clips to fit to, a hundredth of them of the target domain.
        judged: clips to judge on, a quarter of each domain and condition.
        r: of the grid.
        components: of the grid.
        timed: how many r of each component count the reference is timed on.
    """

    normals: int
    judged: int
    r: tuple[float, ...]
    components: tuple[int, ...]
    timed: int


QUICK = Size(100, 40, tuple(np.linspace(0, 1.1, 12).round(2).tolist()), (1, 2), 1)
FULL = Size(1000, 200, tuple(np.linspace(0, 1.1, 111).round(2).tolist()), (1, 2, 4, 8), 3)


def search_against_reference(
    folder: Path, size: Size, checkout: Path | None, repeats: int, say: Callable[[str], None]
) -> list[Figure]:
    """How many times faster the search of a grid is, and whether both sides find the same.

    Args:
        folder: to work in.
        size: how much is searched.
        checkout: of TWFR-GMM's code; None for a search written after its description.
        repeats: of ours.
        say: told how far it is.

    Raises:
        AsdError: `asd tune` fails.
    """
    write_machine(folder / "archive", size)
    say("wrote the machine")
    reference = _reference(folder, checkout)
    settings = [(k, size.r[i]) for k in size.components for i in _spread(len(size.r), size.timed)]
    runs = {}
    for setting in settings:
        runs[setting] = reference(*setting)
        say(f"reference, {setting[0]} components, r = {setting[1]}: {runs[setting].seconds:.1f} s")
    whole = [_ours(folder, size, size.components, repeat, say) for repeat in range(repeats)]
    of_two = [_ours(folder, size, (2,), repeat, say) for repeat in range(repeats)]
    scaled = {
        k: len(size.r) * np.mean([run.seconds for (own, _), run in runs.items() if own == k]) for k in size.components
    }
    name = "g search"
    grid = f"{len(size.r)} r × {len(size.components)} K"
    return [
        Figure(name, f"reference ÷ ours, {grid}", tuple(sum(scaled.values()) / s for s, _ in whole), at_least=20),
        Figure(name, f"reference ÷ ours, {len(size.r)} r, K = 2", tuple(scaled[2] / s for s, _ in of_two), at_least=20),
        Figure(name, f"reference's search, {grid}, scaled", (float(sum(scaled.values())),), "s"),
        Figure(name, f"ours, {grid}", tuple(seconds for seconds, _ in whole), "s"),
        Figure(name, f"ours, {len(size.r)} r, K = 2", tuple(seconds for seconds, _ in of_two), "s"),
        Figure(name, f"orchestration, {grid}", tuple(orchestration(summary) for _, summary in whole), at_most=0.2),
        *_agreement(folder, size, runs, reference, whole[0][1], name),
    ]


def _reference(folder: Path, checkout: Path | None) -> Reference:
    machine = folder / "archive" / "gearbox"
    return PublishedSearch(checkout, machine, SEED, folder / "published") if checkout else WrittenSearch(machine, SEED)


def _ours(
    folder: Path, size: Size, components: Sequence[int], repeat: int, say: Callable[[str], None]
) -> tuple[float, dict[str, Any]]:
    """Seconds of the command on a store of its own, and what it says."""
    name = f"{'-'.join(map(str, components))}-{repeat}"
    space = folder / f"{name}.toml"
    space.write_text(
        f'"encoder.r" = {{ grid = {list(size.r)} }}\n"detector.n_components" = {{ grid = {list(components)} }}\n'
    )
    asd = str(Path(sys.executable).with_name("asd"))
    command = [asd, "tune", str(folder / "archive"), "--recipe", RECIPE, "--json"]
    command += ["--space", str(space), "--store", str(folder / name), "--objective", "twfr-sum", "--cpus", str(CORES)]
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise AsdError(f"asd tune ended with {done.returncode}: {done.stderr[-500:]}")
    say(f"ours, {len(size.r)} r × {list(components)} components: {seconds:.1f} s")
    return seconds, json.loads(done.stdout.strip().splitlines()[-1])


def orchestration(summary: dict[str, Any]) -> float:
    """The share of a search's time that is neither work nor Ray's start.

    The time is that from the first look at the clips to the published report, without the times until Ray's workers
    were there to read clips and to evaluate settings. Work is the feature pass and the evaluation of settings, divided
    by the cores; how sure the choice is and the report count as overhead.
    """
    stages = summary["stages"]
    wall = sum(stages[stage] for stage in ("gather", "search", "certainty", "report"))
    wall -= stages["until_first_reader"] + stages["until_first_worker"]
    return float(1 - (stages["gather_work"] + stages["work"]) / stages["workers"] / wall)


def _agreement(
    folder: Path, size: Size, runs: dict[tuple[int, float], Run], reference: Reference, summary: Any, name: str
) -> list[Figure]:
    """How far embeddings, scores and objectives of both sides are apart on the same settings and random state."""
    best = next(iter(summary["best"].values()))
    chosen = best["setting"]["detector.n_components"], float(best["setting"]["encoder.r"])
    if chosen not in runs:
        runs = {**runs, chosen: reference(*chosen)}
    settings: list[Setting] = [{"encoder.r": r, "detector.n_components": k} for k, r in runs]
    clips, recipe = list_archive(str(folder / "archive")).clips, load_recipe(RECIPE)
    is_train = np.array(clips["split"].to_pylist()) == "train"
    validations, _ = labelled_validations(clips.filter(is_train), clips.filter(~is_train))
    store, data = open_store(str(folder / "check")), str(folder / "check-data")
    (machine,) = gather(store, recipe, clips, validations, settings, data, LocalEngine()).machines
    features, scores, objectives = [], [], []
    for found, run in zip(evaluate_machine(machine, recipe, settings), runs.values(), strict=True):
        rows = np.concatenate(machine.embeddings(applied(recipe, found.setting).encoder))
        gaps, norms = (np.linalg.norm(of, axis=1) for of in (rows - run.embeddings, run.embeddings))
        features.append(float((gaps / norms).max()))
        # A log-density that passes through 0 has no relative error: a nat a dimension is the least it is measured by.
        least = np.maximum(np.abs(run.scores), rows.shape[1])
        scores.append(float((np.abs(found.clip_scores - run.scores) / least).max()))
        objectives.append(abs(found.auc_source + found.auc_target + found.pauc - run.objective))
    at_chosen = abs(best["value"] - runs[chosen].objective)
    return [
        Figure(name, f"largest relative difference of an embedding, {len(runs)} r", (max(features),), at_most=1e-5),
        Figure(name, f"largest relative difference of a score, {len(runs)} settings", (max(scores),), at_most=1e-4),
        Figure(name, f"largest difference of the objectives, {len(runs)} settings", (max(objectives),)),
        Figure(name, f"difference of the objectives at the chosen setting {chosen}", (at_chosen,), at_most=1e-4),
    ]


def write_machine(folder: Path, size: Size) -> None:
    """A gearbox under six loads, faster in the target domain, and with faults in half of the clips to judge on."""
    machine = build_machine("gearbox", 0, SEED)
    for split, domain, condition, count in (
        ("train", "source", "normal", size.normals - size.normals // 100),
        ("train", "target", "normal", size.normals // 100),
        *(("test", d, c, size.judged // 4) for d in ("source", "target") for c in ("normal", "anomaly")),
    ):
        place = folder / "gearbox" / split
        place.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            load = number % 6
            faster = 1 + 0.04 * load + (0.1 if domain == "target" else 0.0)
            own = dataclasses.replace(machine, speed=machine.speed * faster, level_db=machine.level_db + load / 2)
            night = np.random.default_rng([load, domain == "target"])
            clip = np.random.default_rng([*f"{split}{domain}{condition}".encode(), number])
            sound = healthy_sound(own, 10 * SAMPLE_RATE, SAMPLE_RATE, night, clip)
            if condition == "anomaly":
                kind = ("bearing", "squeal", "modulation")[number % 3]
                sound = with_fault(sound, kind, 3.0 + number % 6, own, SAMPLE_RATE, clip)
            name = f"section_00_{domain}_{split}_{condition}_{number:04d}_noAttribute.wav"
            soundfile.write(place / name, sound, SAMPLE_RATE, subtype="PCM_16")


def _spread(count: int, wanted: int) -> list[int]:
    """So many of ``count`` places, spread evenly."""
    return [round((place + 0.5) * count / wanted - 0.5) for place in range(wanted)]
