"""Clip p-values by night, and new machines with the bank of their type: ``python -m tests.accuracy.new_machines``.

Embeddings are drawn without sound: a part of the machine, one of the night and one of the clip, each of 16 numbers. A
fault lifts all clips of a night along a direction of its own.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.alarms.lent_nights import lent_nights
from asd_core.evaluation.metrics import auc
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.groups_left_out import GroupsLeftOut, occasions_left_out
from asd_core.pipeline.scorer import Scorer, fit_scorer
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.score import score
from asd_core.store.store import open_store

RECIPES = ("twfr-knn", "twfr-density-knn", "twfr-gmm")
CLIPS, DIMENSIONS, FRESH = 5, 16, 60
_SEEDS = 40

Embeddings = NDArray[np.float32]


@dataclass(frozen=True)
class Effects:
    """Deviations of the parts of an embedding, beside 1 for that of the clip."""

    night: float = 1.0
    machine: float = 1.0


def drawn(effects: Effects, machines: int, nights: int, seed: int) -> NDArray[np.float64]:
    """Embeddings (machines, nights, CLIPS, DIMENSIONS)."""
    rng = np.random.default_rng(seed)
    clip = rng.normal(size=(machines, nights, CLIPS, DIMENSIONS))
    night = rng.normal(size=(machines, nights, 1, DIMENSIONS)) * effects.night
    return clip + night + rng.normal(size=(machines, 1, 1, DIMENSIONS)) * effects.machine


def fitted(values: NDArray[np.float64], groups: GroupsLeftOut | None, recipe: str) -> Scorer:
    """A scorer of embeddings (…, DIMENSIONS)."""
    rows = values.reshape(-1, DIMENSIONS).astype(np.float32)
    uris = [f"file:///{number:06d}" for number in range(len(rows))]
    machine = load_recipe(recipe).for_machine("fan")
    return fit_scorer("fan", "0", machine, "f", rows, np.full(len(rows), "source"), uris, groups=groups)


def by_night(nights: int) -> GroupsLeftOut | None:
    return occasions_left_out([f"2026-{night:04d}" for night in np.repeat(np.arange(nights), CLIPS)])


def clip_p_values(effects: Effects, nights: int, recipe: str, seed: int) -> dict[str, NDArray[np.float64]]:
    """P of the clips of fresh normal nights of one machine, (FRESH * CLIPS,), by clip and by night left out."""
    (values,) = drawn(effects, 1, nights + FRESH, seed)
    fresh = values[nights:].reshape(-1, DIMENSIONS).astype(np.float32)
    groups = {"clip": None, "night": by_night(nights)}
    return {name: fitted(values[:nights], group, recipe).score(fresh)[1] for name, group in groups.items()}


def distance_from_even(p_values: NDArray[np.float64]) -> float:
    """Kolmogorov's distance of p-values from an even distribution."""
    ordered = np.sort(p_values)
    steps = np.arange(len(ordered) + 1) / len(ordered)
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))


@dataclass(frozen=True)
class NewMachine:
    """What becomes of a new machine's nights, normal and faulty.

    Attributes:
        auc: of its clips.
        flagged: share of its normal clips that are flagged.
        p_values: (FRESH,) of its normal nights beside those of the machines that lend; empty for a bank of its own.
        found: share of its faulty nights with the smallest p; NaN for a bank of its own.
    """

    auc: float
    flagged: float
    p_values: NDArray[np.float64]
    found: float


def new_machine(effects: Effects, lenders: int, own: int, fault: float, recipe: str, seed: int) -> NewMachine:
    """Judge the nights of one more machine.

    Args:
        effects: of nights and machines.
        lenders: other machines, of 14 nights each.
        own: nights of its own that it is judged by; 0 borrows.
        fault: deviations by which faulty clips lie elsewhere.
        recipe: name of the recipe.
        seed: of everything random.
    """
    values = drawn(effects, lenders + 1, 14 + FRESH, seed)
    direction = np.random.default_rng(seed + 10_000).normal(size=DIMENSIONS)
    normal = values[-1, 14:].astype(np.float32)
    faulty = (normal + fault * direction / np.linalg.norm(direction)).astype(np.float32)
    if own:
        scorer = fitted(values[-1, :own], by_night(own), recipe)
    else:
        machines = np.repeat(np.arange(lenders), 14 * CLIPS)
        scorer = fitted(values[:-1, :14], GroupsLeftOut("machine", machines), recipe)
    scores = [scorer.score(clips.reshape(-1, DIMENSIONS))[0].reshape(FRESH, CLIPS) for clips in (normal, faulty)]
    labels = np.repeat([False, True], FRESH * CLIPS)
    area, flagged = auc(np.concatenate(scores).ravel(), labels), float(np.mean(scores[0] > scorer.threshold))
    if own:
        return NewMachine(area, flagged, np.empty(0), float("nan"))
    assert scorer.unseen_by_name is not None
    lent = lent_nights(scorer.unseen_by_name, machines, np.arange(len(machines)) // CLIPS)
    p = [np.array([lent.p_value(night.mean(), night.max(), CLIPS) for night in nights]) for nights in scores]
    return NewMachine(area, flagged, p[0], float(np.mean(p[1] <= lent.p_floor)))


def clip_table(seeds: int) -> list[str]:
    """Markdown: flagged fresh normal clips, and how even p is, with each clip and with each night left out."""
    lines = [
        "| recipe | effects | nights | flagged: clip | night | machines over 20 %: clip | night "
        "| off even p: clip | night |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for recipe in RECIPES:
        for effect in (0.0, 1.0):
            for nights in (2, 3, 5, 14):
                found = [clip_p_values(Effects(effect), nights, recipe, seed) for seed in range(seeds)]
                cells = [f"{name}" for name in (recipe, f"{effect:g}", str(nights))]
                p = {kind: [one[kind] for one in found] for kind in ("clip", "night")}
                flagged = {kind: [np.mean(one <= 0.1 + 1e-9) for one in p[kind]] for kind in p}
                cells += [f"{np.mean(flagged[kind]):.1%}" for kind in p]
                cells += [f"{np.mean(np.array(flagged[kind]) > 0.2):.0%}" for kind in p]
                cells += [f"{np.mean([distance_from_even(one) for one in p[kind]]):.2f}" for kind in p]
                lines.append(f"| {' | '.join(cells)} |")
    return lines


def borrowing_table(seeds: int, recipe: str = "twfr-knn") -> list[str]:
    """Markdown: a new machine with the bank of its type, and with nights of its own."""
    lines = [
        "| between machines | bank | AUC | normal clips flagged | machines over 20 % | normal nights at the floor "
        "| faulty ones |",
        "|---|---|---|---|---|---|---|",
    ]
    for between in (0.5, 1.0, 2.0):
        for name, lenders, own in (
            *((f"{lenders} others", lenders, 0) for lenders in (3, 12, 40)),
            *((f"{own} nights of its own", 1, own) for own in (1, 2, 3, 5, 14)),
        ):
            found = [new_machine(Effects(1.0, between), lenders, own, 5.0, recipe, seed) for seed in range(seeds)]
            at_floor = "" if own else f"{np.mean([np.mean(one.p_values <= 1 / (1 + lenders)) for one in found]):.1%}"
            caught = "" if own else f"{np.mean([one.found for one in found]):.0%}"
            flagged = np.array([one.flagged for one in found])
            cells = [f"{between:g}", name, f"{np.mean([one.auc for one in found]):.3f}", f"{flagged.mean():.1%}"]
            cells += [f"{np.mean(flagged > 0.2):.0%}", at_floor, caught]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def real_table(real_data: Path) -> list[str]:
    """Markdown: each machine of the published modulation features by its own bank, and by that of three others."""
    lines = [
        "| machine | AUC: own bank | others' | normal clips flagged: own bank | others' |",
        "|---|---|---|---|---|",
    ]
    settings = {
        "encoder": {"kind": "imported", "name": "modspec"},
        "embedding": {"transform": "log-zscore"},
        "detector": {"kind": "memory_bank", "k": 4},
    }
    recipe, rows = Recipe("accuracy", settings), []
    for kind in ("ToyCar", "fan", "slider"):
        files = sorted((real_data / "dcase2020_dev_modspec_features").glob(f"{kind}_id_*.npz"))
        for new in [None, *range(len(files))]:
            with tempfile.TemporaryDirectory() as folder:
                store = open_store(folder)
                import_embeddings(store, "modspec", files)
                clips = stored_clips(store, recipe)
                names = sorted(set(clips["machine_id"].to_pylist()))
                train, test = (clips.filter(pc.equal(clips["split"], split)) for split in ("train", "test"))
                if new is not None:
                    train = train.filter(pc.not_equal(train["machine_id"], names[new]))
                    test = test.filter(pc.equal(test["machine_id"], names[new]))
                fit(store, recipe, train, LocalEngine(), lends=new is not None)
                scores = store.read_scores(score(store, recipe, test, LocalEngine()))
                judged = names if new is None else [names[new]]
                rows += [(f"{kind} {name}", new is None, *_figures(scores, name)) for name in judged]
    for machine in sorted({row[0] for row in rows}):
        (own,), (lent,) = ([row[2:] for row in rows if row[:2] == (machine, is_own)] for is_own in (True, False))
        lines.append(f"| {machine} | {own[0]:.3f} | {lent[0]:.3f} | {own[1]:.0%} | {lent[1]:.0%} |")
    means = [np.mean([row[2:] for row in rows if row[1] == is_own], axis=0) for is_own in (True, False)]
    lines.append(f"| *mean* | {means[0][0]:.3f} | {means[1][0]:.3f} | {means[0][1]:.0%} | {means[1][1]:.0%} |")
    return lines


def _figures(scores: pa.Table, machine: str) -> tuple[float, float]:
    """AUC, and the share of normal clips that are flagged."""
    own = scores.filter(pc.equal(scores["machine_id"], machine))
    anomalous = np.array([one == "anomalous" for one in own["condition"].to_pylist()])
    flagged = np.array(own["is_flagged"].to_pylist())
    return auc(own["anomaly_score"].to_numpy(), anomalous), float(np.mean(flagged[~anomalous]))


def main() -> None:
    if real := os.environ.get("ASD_REAL_DATA"):
        print("**Real modulation features**\n", *real_table(Path(real)), "", sep="\n", flush=True)
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else _SEEDS
    print("**Fresh normal clips, 10 % asked for**\n", *clip_table(seeds), sep="\n")
    print("\n**A new machine**\n", *borrowing_table(seeds), sep="\n", flush=True)


if __name__ == "__main__":
    main()
