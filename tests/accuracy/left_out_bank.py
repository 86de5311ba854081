"""Leaving out one of n nights and judging a further one by all n: `python -m tests.accuracy.left_out_bank`.

A learnt night is scored by a memory bank of the n − 1 others, a further night by one of n, which lies closer to it. The
embeddings are random, with nights that differ as much as clips of one night, and the bank is a plain kNN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.calibration import calibrate
from tests.accuracy.alarm_rules import distance_from_uniform, nights_of
from tests.accuracy.alarm_tables import table

Floats = NDArray[np.float64]
CLIPS, JUDGED, NEIGHBOURS, MACHINES, SEEDS = 5, 20, 2, 100, 20


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
    values = np.array([scores(learnt, dimensions, same_bank, rng) for _ in range(machines)])
    calibration = calibrate(nights_of(values[:, :learnt]), machines)
    return calibration.judge(nights_of(values[:, learnt:], learnt)).p_values


def main() -> None:
    rows = []
    for learnt, same_bank in ((14, False), (14, True), (28, False)):
        for dimensions in (4, 16):
            fleets = [p_values(learnt, dimensions, same_bank, seed=seed) for seed in range(SEEDS)]
            means, found = np.array([one.mean() for one in fleets]), np.concatenate(fleets)
            mean = f"{means.mean():.3f} ± {means.std(ddof=1) / np.sqrt(SEEDS):.3f}"
            shares = [f"{(found <= level).mean():.3f}" for level in (0.1, 0.01, 0.001)]
            row = [str(learnt), f"{learnt - same_bank} nights", str(dimensions), mean, *shares]
            rows.append([*row, f"{distance_from_uniform(found):.3f}"])
    columns = ["nights learnt", "bank of further nights", "dimensions", "mean p", "p ≤ 0.1", "p ≤ 0.01", "p ≤ 0.001"]
    table("p of normal nights by their distance from a bank", [*columns, "distance from even p"], rows)


if __name__ == "__main__":
    main()
