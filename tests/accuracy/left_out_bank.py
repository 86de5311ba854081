"""Leaving out one of n nights and judging a further one by all n: `python -m tests.accuracy.left_out_bank`.

A learnt night is scored by a memory bank of the n − 1 others, a further night by one of n, which lies closer to it. The
embeddings are random, with nights that differ as much as clips of one night. The first bank is a plain kNN, from which
a night can be taken for further nights too. The others are this project's, with fewer clips than dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.calibration import calibrate
from asd_core.detectors.build import new_detector
from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.detectors.protocol import fitted
from asd_core.detectors.unseen import unseen_scores
from tests.accuracy.alarm_rules import distance_from_uniform, nights_of
from tests.accuracy.alarm_tables import table

Floats = NDArray[np.float64]
CLIPS, JUDGED, NEIGHBOURS, MACHINES, SEEDS = 5, 20, 2, 100, 20
COLUMNS = ("mean p", "p ≤ 0.1", "p ≤ 0.01", "distance from even p")


def scores(learnt: int, dimensions: int, same_bank: bool, rng: np.random.Generator) -> Floats:
    """Scores of one machine, (learnt + JUDGED, CLIPS): each learnt night by the others, further ones by all.

    Args:
        learnt: number of nights.
        dimensions: of an embedding.
        same_bank: True takes a night from the bank for further nights too, another one for each.
        rng: draws everything.
    """
    total = learnt + JUDGED
    clips = rng.normal(size=(total, CLIPS, dimensions)) + rng.normal(size=(total, 1, dimensions))
    away = np.linalg.norm(clips[:, :, None, None] - clips[None, None, :learnt], axis=4)
    for night in range(total if same_bank else learnt):
        away[night, :, night if night < learnt else rng.integers(learnt)] = np.inf
    return np.asarray(np.sort(away.reshape(total, CLIPS, -1), axis=2)[:, :, :NEIGHBOURS].mean(axis=2))


def p_values(learnt: int, dimensions: int, same_bank: bool, machines: int = MACHINES, seed: int = 0) -> Floats:
    """P-values of the further nights of a fleet, (machines × JUDGED,)."""
    rng = np.random.default_rng(seed)
    return _judged(np.array([scores(learnt, dimensions, same_bank, rng) for _ in range(machines)]), learnt)


def _judged(values: Floats, learnt: int) -> Floats:
    calibration = calibrate(nights_of(values[:, :learnt]), len(values))
    return calibration.judge(nights_of(values[:, learnt:], learnt)).p_values


def detector_p_values(config: MemoryBankConfig, learnt: int, machines: int = MACHINES, seed: int = 0) -> Floats:
    """As `p_values`, of a memory bank of this project on embeddings of 128 dimensions."""
    rng = np.random.default_rng(seed)
    known, values = learnt * CLIPS, []
    groups, domains = np.repeat(np.arange(learnt), CLIPS), np.full(known, "source")
    for _ in range(machines):
        total = learnt + JUDGED
        clips = (rng.normal(size=(total, CLIPS, 128)) + rng.normal(size=(total, 1, 128))).reshape(-1, 128)
        detector = fitted(new_detector(config), clips[:known], domains)
        left_out = unseen_scores(config, clips[:known], domains, groups, folds=5, learnt=detector)
        values.append(np.concatenate([left_out, detector.anomaly_score(clips[known:])]).reshape(total, CLIPS))
    return _judged(np.array(values), learnt)


def detectors() -> None:
    """Banks of this project."""
    plain = MemoryBankConfig(k=NEIGHBOURS)
    density = replace(plain, density="least", density_k=16)
    configs = {"kNN": plain, "density kNN": density, "density kNN, half-whitened": replace(density, whitening="half")}
    rows = []
    for name, config in configs.items():
        for learnt in (14, 28):
            rows.append(
                [name, str(learnt), *cells([detector_p_values(config, learnt, seed=seed) for seed in range(3)])]
            )
    table("The same with memory banks of 128 dimensions", ["bank", "nights learnt", *COLUMNS], rows)


def cells(fleets: Sequence[Floats]) -> list[str]:
    """Mean and shares of p."""
    means, found = np.array([one.mean() for one in fleets]), np.concatenate(fleets)
    mean = f"{means.mean():.3f} ± {means.std(ddof=1) / np.sqrt(len(fleets)):.3f}"
    return [mean, *(f"{(found <= level).mean():.3f}" for level in (0.1, 0.01)), f"{distance_from_uniform(found):.3f}"]


def main() -> None:
    rows = []
    for learnt, same_bank in ((14, False), (14, True), (28, False)):
        for dimensions in (4, 16):
            fleets = [p_values(learnt, dimensions, same_bank, seed=seed) for seed in range(SEEDS)]
            rows.append([str(learnt), f"{learnt - same_bank} nights", str(dimensions), *cells(fleets)])
    columns = ["nights learnt", "bank of further nights", "dimensions", *COLUMNS]
    table("p of normal nights by their distance from a bank", columns, rows)
    detectors()


if __name__ == "__main__":
    main()
