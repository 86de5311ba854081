"""EfficientAT trained by recipe mn04-arcface against itself frozen.

`ASD_REAL_DATA=... python -m tests.accuracy.fine_tuning fleet` or `sliders`: five seeds each, the same detector for
both. Test labels are looked at once for each seed; settings are those of the recipe, chosen beforehand.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from asd_core.encoders.efficientat.encoder import EfficientAtEncoder
from asd_core.evaluation.metrics import auc, pauc
from asd_core.pipeline.threads import one_thread
from asd_core.recipe.recipe import load_recipe
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.synthesis.fleet import simulate_fleet
from asd_core.training.checkpoints import Checkpoints
from asd_core.training.heads import new_heads
from asd_core.training.loop import Asked, train
from asd_core.training.plan import Positions, TrainingPlan
from asd_core.training.step import TrainedModel
from tests.accuracy.slider import IDS, files, parts, waveform

SEEDS = range(5)
SECONDS = 10


@dataclass(frozen=True)
class Machine:
    """The recordings of one machine, by position: learnt, judged, and which of the latter are anomalous."""

    learnt: NDArray[np.int64]
    judged: NDArray[np.int64]
    is_anomalous: NDArray[np.bool_]


@dataclass(frozen=True)
class Data:
    """Recordings (N, T) as 16-bit integers, the class of each that is trained on (-1: of none), and the machines."""

    waveforms: NDArray[np.int16]
    classes: NDArray[np.int64]
    machines: Sequence[Machine]


class InMemory:
    """Batches of recordings that are in memory."""

    def __init__(self, waveforms: NDArray[np.int16]) -> None:
        self._waveforms = waveforms
        self.lost: dict[str, str] = {}

    def __call__(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        for asked in batches:
            yield asked.positions, as_float(self._waveforms[asked.positions])


def as_float(waveforms: NDArray[np.int16]) -> NDArray[np.float32]:
    return waveforms.astype(np.float32) / np.float32(1 << 15)


def unit_features(network, data: Data) -> NDArray[np.float64]:
    """Features (N, D) of unit length, as a trained encoder gives them; zeros for what no machine learns or judges."""
    places = np.unique(np.concatenate([np.concatenate([one.learnt, one.judged]) for one in data.machines]))
    features = np.zeros((len(data.waveforms), sum(network.branch_dims)))
    with torch.inference_mode():
        for place in places:
            made = network.eval()(torch.from_numpy(as_float(data.waveforms[place : place + 1])))[0].numpy()
            features[place] = made / np.linalg.norm(made.astype(np.float64))
    return features


def scores_of(features: NDArray[np.float64], machine: Machine) -> NDArray[np.float64]:
    """Cosine distance to the nearest learnt recording, (N,): the recipe's detector."""
    return 1 - (features[machine.judged] @ features[machine.learnt].T).max(axis=1)


def figures(features: NDArray[np.float64], machines: Sequence[Machine]) -> list[tuple[float, float]]:
    found = [(scores_of(features, one), one.is_anomalous) for one in machines]
    return [(auc(scores, truth), pauc(scores, truth)) for scores, truth in found]


def trained(data: Data, weights: str, config: TrainingConfig, name: str = "mn04_as"):
    network = EfficientAtEncoder.new_network({"network": name, "weights": weights}, config.seed)
    network.to(memory_format=torch.channels_last)  # two thirds of the time of a step
    heads = new_heads(config, network.branch_dims, int(data.classes.max()) + 1, config.seed)
    with tempfile.TemporaryDirectory() as folder:
        plan = TrainingPlan(config, data.classes)
        train(TrainedModel(network, heads, config), plan, InMemory(data.waveforms), Checkpoints(folder, "run"))
    return network


def sliders() -> Data:
    """Rails 02 and 06: even-numbered normals and the training recordings of rail 00 are learnt, three classes."""
    other = sorted((Path(os.environ["ASD_REAL_DATA"]) / "dcase2020_task2_dev_subset/slider/train").glob("*id_00*"))
    paths = files()
    split = {rail: parts([path.name for path in paths], rail) for rail in IDS}
    classes = np.full(len(paths) + len(other), -1)
    classes[len(paths) :] = 0
    for number, rail in enumerate(IDS, 1):
        classes[split[rail].learnt] = number
    machines = [Machine(one.learnt, one.judged, one.is_anomalous) for one in split.values()]
    return Data(np.stack([_integers(path) for path in [*paths, *other]]), classes, machines)


def fleet(folder: Path, seed: int = 7) -> Data:
    """A simulated fleet: three nights are learnt, a class for each machine; one more of normals and two of faults."""
    made = simulate_fleet(str(folder), machines_per_type=2, nights=6, clips_per_night=6, fault_nights=(4, 5), seed=seed)
    with (folder / "manifest.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["path"] not in made.broken]
    names = sorted({(row["machine_type"], row["machine_id"]) for row in rows})
    dates = sorted({row["date"] for row in rows})
    classes = np.full(len(rows), -1)
    machines = []
    for number, name in enumerate(names):
        own = [place for place, row in enumerate(rows) if (row["machine_type"], row["machine_id"]) == name]
        learnt = [place for place in own if rows[place]["date"] in dates[:3]]
        judged = [place for place in own if rows[place]["date"] not in dates[:3]]
        classes[learnt] = number
        is_anomalous = np.array([rows[place]["condition"] == "anomalous" for place in judged])
        if is_anomalous.any() and not is_anomalous.all():
            machines.append(Machine(np.array(learnt), np.array(judged), is_anomalous))
    return Data(np.stack([_integers(folder / row["path"]) for row in rows]), classes, machines)


def _integers(path: Path) -> NDArray[np.int16]:
    samples = np.resize(waveform(path), SECONDS * EfficientAtEncoder.sample_rate)
    return (samples * (1 << 15)).clip(-(1 << 15), (1 << 15) - 1).astype(np.int16)


def compared(data: Data, weights: str, seeds: Sequence[int]) -> dict[str, list]:
    """AUC and pAUC by machine: of the frozen network, and of one trained under each seed."""
    with one_thread():
        config = load_recipe("mn04-arcface").for_machine("").training
        frozen = EfficientAtEncoder.new_network({"network": "mn04_as", "weights": weights}, 0)
        found: dict[str, list] = {
            "frozen": figures(unit_features(frozen, data), data.machines),
            "trained": [],
        }
        for seed in seeds:
            network = trained(data, weights, replace(config, seed=seed))
            found["trained"].append(figures(unit_features(network, data), data.machines))
            print(seed, json.dumps(found["trained"][-1]), file=sys.stderr, flush=True)
    return found


def table(name: str, found: dict[str, list]) -> list[str]:
    """Rows of the page: each figure's mean over machines, and the paired difference over seeds with its error."""
    frozen, trained_ = np.mean(found["frozen"], axis=0), np.mean(found["trained"], axis=1)
    rows = []
    for place, figure in enumerate(("AUC", "pAUC")):
        differences = trained_[:, place] - frozen[place]
        error = differences.std(ddof=1) / np.sqrt(len(differences))
        mean = trained_[:, place].mean()
        change = f"{differences.mean():+.3f} ± {error:.3f}"
        rows.append(f"| {name} | {figure} | {frozen[place]:.3f} | {mean:.3f} | {change} |")
    return rows


def main() -> None:
    weights = str(Path(os.environ["ASD_REAL_DATA"]) / "efficientat_mn04")
    if sys.argv[1:] == ["fleet"]:
        with tempfile.TemporaryDirectory() as folder:
            data = fleet(Path(folder))
    else:
        data = sliders()
    print("| recordings | figure | frozen | trained | difference over 5 seeds |\n|---|---|---|---|---|")
    print("\n".join(table(" ".join(sys.argv[1:]), compared(data, weights, SEEDS))))


if __name__ == "__main__":
    main()
