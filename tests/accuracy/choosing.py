"""Settings chosen on one half of the test clips and judged on the other: what a search is worth on clips it never saw.

Scores need no labels, so every setting is scored once on all test clips; a split then says which labels the choice may
see (half A) and which it is judged by (half B).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.evaluation.bootstrap import JudgedClips, weighted_figures
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe
from asd_core.runs.embed import stored_clips
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.store.store import open_store
from asd_core.tuning.evaluate_settings import evaluate_machine
from asd_core.tuning.gather.gather import gather
from asd_core.tuning.space.setting import Setting
from asd_core.tuning.space.space import new_space
from asd_core.tuning.validations import labelled_validations

SPLITS = 20
SPACE = new_space(
    {
        "detector.density": {"choice": ["none", "nearest", "least"]},
        "detector.density_k": {"grid": [4, 8, 16, 32]},
        "detector.whitening": {"choice": ["none", "half", "full"]},
        "detector.k": {"grid": [1, 2, 4, 8, 16]},
    }
)
PLAIN: Setting = {"detector.density": "none", "detector.density_k": 4, "detector.whitening": "none", "detector.k": 4}
RECIPE = Recipe(
    "choosing",
    {
        "encoder": {"kind": "imported", "name": "modspec"},
        "embedding": {"transform": "log-zscore"},
        "detector": {"kind": "memory_bank"},
    },
)


@dataclass(frozen=True)
class Chosen:
    """Mean AUC on half B over machines, one value a split.

    Attributes:
        plain: of `PLAIN`.
        for_all: of the one setting that is best on half A of all machines.
        by_type: of the best setting of each machine type.
        by_machine: of the best setting of each machine.
    """

    plain: NDArray[np.float64]
    for_all: NDArray[np.float64]
    by_type: NDArray[np.float64]
    by_machine: NDArray[np.float64]


def scored(real_data: Path, settings: Sequence[Setting]) -> list[JudgedClips]:
    """The test clips of every id with their scores under every setting."""
    files = sorted((real_data / "dcase2020_dev_modspec_features").glob("*.npz"))
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"{folder}/store")
        import_embeddings(store, "modspec", files)
        clips = stored_clips(store, RECIPE)
        train, test = (clips.filter(pc.equal(clips["split"], split)) for split in ("train", "test"))
        validations, _ = labelled_validations(train, test)
        machines = gather(store, RECIPE, clips, validations, [{}], f"{folder}/data", LocalEngine()).machines
        judged = []
        for machine in machines:
            rows = [score.clip_scores for score in evaluate_machine(machine, RECIPE, settings)]
            labels = (machine.is_anomalous, machine.domains, machine.recordings)
            judged.append(JudgedClips(machine.machine_type, *labels, np.stack(rows)))
            print(f"scored {machine.machine_type} {machine.machine_id}", file=sys.stderr)
    return judged


def halves(is_anomalous: NDArray[np.bool_], splits: int, seed: int) -> NDArray[np.bool_]:
    """Which clips are in half A of each split, (splits, M): half of each condition."""
    in_a = np.zeros((splits, len(is_anomalous)), bool)
    rng = np.random.default_rng(seed)
    for row in in_a:
        for condition in (False, True):
            members = rng.permutation(np.flatnonzero(is_anomalous == condition))
            row[members[: len(members) // 2]] = True
    return in_a


def aucs(clips: JudgedClips, which: NDArray[np.bool_]) -> NDArray[np.float64]:
    """AUC of every setting on some of the clips, (S, splits)."""
    counts = which.T.astype(np.float64)
    figures = [weighted_figures(scores, clips.is_anomalous, clips.domains, counts)[:, 0] for scores in clips.scores]
    return np.stack(figures)


def choices(on_a: NDArray[np.float64]) -> NDArray[np.int64]:
    """The setting of the highest mean AUC on half A over machines: (machines, S, splits) → (splits,)."""
    return np.asarray(on_a.mean(axis=0).argmax(axis=0))


def chosen_on_halves(machines: Sequence[JudgedClips], plain: int, splits: int = SPLITS) -> Chosen:
    """Choose on half A, judge on half B.

    Args:
        machines: with scores under the same settings.
        plain: place of `PLAIN` among them.
        splits: how many.
    """
    in_a = [halves(machine.is_anomalous, splits, seed) for seed, machine in enumerate(machines)]
    on_a = np.stack([aucs(machine, part) for machine, part in zip(machines, in_a, strict=True)])
    on_b = np.stack([aucs(machine, ~part) for machine, part in zip(machines, in_a, strict=True)])
    types = np.array([machine.machine_type for machine in machines])
    by_type = {kind: choices(on_a[types == kind]) for kind in sorted(set(types))}
    each = np.arange(splits)
    return Chosen(
        plain=on_b[:, plain].mean(axis=0),
        for_all=on_b[:, choices(on_a), each].mean(axis=0),
        by_type=np.mean([b[by_type[kind], each] for b, kind in zip(on_b, types, strict=True)], axis=0),
        by_machine=np.mean([b[choices(a[None]), each] for a, b in zip(on_a, on_b, strict=True)], axis=0),
    )


def section(real_data: Path) -> list[str]:
    """Lines of docs/accuracy.md: the table of what choosing is worth."""
    settings = list(SPACE.grid())
    found = chosen_on_halves(scored(real_data, settings), settings.index(PLAIN))
    names = {
        "kNN, k = 4, nothing chosen": found.plain,
        "best setting for all ids": found.for_all,
        "best setting of each machine type (`asd tune`)": found.by_type,
        "best setting of each id (`--per machine`)": found.by_machine,
    }
    lines = [
        f"Memory banks chosen on half A of the test clips from {len(settings)} settings "
        "(k, density, density_k, whitening) and",
        f"judged on half B: AUC on B, mean over the 12 ids and {SPLITS} splits.",
        "",
        "| setting | AUC on half B | least of a split | against plain kNN |",
        "|---|---|---|---|",
    ]
    for name, values in names.items():
        gain = (values - found.plain).mean()
        lines.append(f"| {name} | {values.mean():.4f} | {values.min():.4f} | {gain:+.4f} |")
        print(lines[-1], file=sys.stderr)
    return lines


if __name__ == "__main__":
    print("\n".join(section(Path(os.environ["ASD_REAL_DATA"]))))
