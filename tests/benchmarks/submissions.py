"""(o) The standings of submitted systems: the official evaluator's loop against ours, intervals included."""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.stats
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix, roc_auc_score

from asd_core.evaluation.standings import Standings, judge
from tests.benchmarks.figures import Figure

NOTE = (
    "o: seven machines of 200 clips, as in a challenge. The reference is the loop of the evaluators since 2022, which "
    "computes AUC and pAUC anew without each clip; ours has the same numbers, and the standard error of the score. "
    "With --evaluator the published evaluator itself and `asd evaluate --submissions` are timed as whole processes."
)
MACHINES = tuple(f"machine{number}" for number in range(7))
CLIPS = 200


def against_official(
    folder: Path, systems: int, evaluator: Path | None, repeats: int, say: Callable[[str], None]
) -> list[Figure]:
    """Times the official way ÷ ours, and the largest difference of their numbers.

    Args:
        folder: for made-up submissions.
        systems: how many.
        evaluator: a folder that holds dcase202x_task2_evaluator.py and what it imports, to time that as well.
        repeats: interleaved.
        say: told how far it is.
    """
    _write(folder, systems)
    ratios, processes, difference = [], [], 0.0
    for repeat in range(repeats):
        start = time.process_time()
        expected = {path.name: _official(path, folder) for path in sorted((folder / "teams/team").iterdir())}
        official, start = time.process_time() - start, time.process_time()
        found = judge(str(folder / "teams"), str(folder))
        ratios.append(official / (time.process_time() - start))
        difference = max(difference, _difference(found, expected))
        if evaluator is not None:
            processes.append(_as_process(folder, evaluator))
        say(f"repeat {repeat + 1} of {repeats}: {ratios[-1]:.0f}")
    name = f"the official evaluator's loop ÷ ours, CPU time of {systems} systems"
    figures = [
        Figure("o submissions", name, tuple(ratios), at_least=20.0),
        Figure("o submissions", "largest difference of scores and intervals", (difference,), at_most=1e-9),
    ]
    if processes:
        figures.append(Figure("o submissions", "the official evaluator ÷ asd, whole processes", tuple(processes)))
    return figures


def _write(folder: Path, systems: int) -> None:
    rng = np.random.default_rng(0)
    names = [f"section_00_{number:04d}.wav" for number in range(CLIPS)]
    for machine in MACHINES:
        ending = f"{machine}_section_00_test.csv"
        is_anomalous, is_target = rng.permutation(CLIPS) % 2, rng.permutation(CLIPS) % 2
        kinds = {"data": is_anomalous, "domain": is_target, "attributes": [name.removesuffix(".wav") for name in names]}
        for kind, values in kinds.items():
            _write_rows(folder / f"ground_truth_{kind}" / f"ground_truth_{ending}", names, values)
        for system in range(systems):
            scores = rng.normal(size=CLIPS) + is_anomalous
            place = folder / f"teams/team/system{system}"
            _write_rows(place / f"anomaly_score_{ending}", names, scores)
            _write_rows(place / f"decision_result_{ending}", names, (scores > 1).astype(int))


def _write_rows(path: Path, names: list[str], values: NDArray[np.float64] | NDArray[np.int64] | list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(zip(names, values, strict=True))


def _column(path: Path) -> NDArray[np.float64]:
    with path.open() as file:
        return np.array([float(row[1]) for row in sorted(csv.reader(file))])


def _official(system: Path, root: Path) -> tuple[float, float]:
    """Official score and its ci95, as the evaluators since 2022 compute them."""
    figures, pooled_scores, pooled_labels = [], [], []
    for machine in MACHINES:
        ending = f"{machine}_section_00_test.csv"
        scores, decisions = (_column(system / f"{kind}_{ending}") for kind in ("anomaly_score", "decision_result"))
        labels, targets = (_column(root / f"ground_truth_{kind}/ground_truth_{ending}") for kind in ("data", "domain"))
        pooled_scores.extend(scores)
        pooled_labels.extend(labels)
        roc_auc_score(labels, scores)
        figures.append(roc_auc_score(labels, scores, max_fpr=0.1))
        for domain in (0, 1):
            compared, own = (targets == domain) | (labels != 0), targets == domain
            figures.append(roc_auc_score(labels[compared], scores[compared]))
            confusion_matrix(labels[own], decisions[own])
    labels, scores = np.array(pooled_labels), np.array(pooled_scores)
    halves = [_jackknife(labels, scores, None), _jackknife(labels, scores, 0.1)]
    return float(scipy.stats.hmean(figures)), float(np.mean(halves))


def _jackknife(labels: NDArray[np.float64], scores: NDArray[np.float64], max_fpr: float | None) -> float:
    n = len(labels)
    without = []
    for left_out in range(n):
        kept = [place for place in range(n) if place != left_out]
        without.append(roc_auc_score(labels[kept], scores[kept], max_fpr=max_fpr))
    sigma = np.sqrt(np.sum((np.array(without) - np.mean(without)) ** 2) / (n * (n - 1)))
    return float(abs(scipy.stats.t.ppf(0.025, n - 1)) * sigma)


def _difference(found: Standings, expected: dict[str, tuple[float, float]]) -> float:
    pairs = [
        ((own.official_score, own.official_score_ci95), expected[own.system.rpartition("/")[2]])
        for own in found.systems
    ]
    return float(max(np.abs(np.subtract(*pair)).max() for pair in pairs))


def _as_process(folder: Path, evaluator: Path) -> float:
    (script,) = evaluator.glob("dcase202?_task2_evaluator.py")
    line = [sys.executable, "-W", "ignore", str(script), "--teams_root_dir", "teams"]
    official = _seconds(line, folder, {"PYTHONPATH": str(evaluator), "MPLBACKEND": "Agg"})
    code = "from jobs.main import main; main()"
    ours = [sys.executable, "-c", code, "evaluate", "--submissions", "teams", "--ground-truth", "."]
    return official / _seconds(ours, folder, {"PYTHONPATH": str(Path.cwd())})


def _seconds(line: list[str], folder: Path, environment: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(line, cwd=folder, env=os.environ | environment, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
