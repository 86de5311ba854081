"""A scorer: what `fit` saves and `score` loads for one machine.

    scorers/<KEY>/<machine_type>/<machine_id>/<version>/<hash>.npz     the detector's arrays
    scorers/<KEY>/<machine_type>/<machine_id>/<version>/scorer.json    everything else, written last

JSON and plain arrays only: nothing in it is executed when it is loaded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.p_values import p_values
from asd_core.alarms.thresholds import ThresholdConfig, decision_threshold
from asd_core.detectors.build import new_detector
from asd_core.detectors.protocol import Detector, Domains, Embeddings
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError
from asd_core.recipe.machine_recipe import MachineRecipe


@dataclass(frozen=True)
class Scorer:
    """One machine's detector, threshold and what they were made from.

    Attributes:
        machine_type: whose.
        machine_id: whose.
        recipe: the recipe as it held for this machine type.
        fingerprint: of the embeddings; others are refused.
        detector: fitted.
        transform: arrays of the embedding transform, empty for none.
        threshold: scores above it are flagged.
        unseen: (N,) float64, ascending: scores of the training normals as if unseen.
        false_alarm_rate: share of unseen normals above a threshold that was set without them and their neighbours.
        uris: the training clips, in the order of the detector's rows.
        notes: what was done otherwise than asked.
        median_level_db: of the training clips, dB re full scale; None where they were not heard here.
        unseen_by_name: (N,) float64, `unseen` in the order of the clips' names; None for a scorer of before.
        is_judged_anew: its threshold is not the one that it was fitted with.
    """

    machine_type: str
    machine_id: str
    recipe: MachineRecipe
    fingerprint: str
    detector: Detector
    transform: dict[str, NDArray[np.float64]]
    threshold: float
    unseen: NDArray[np.float64]
    false_alarm_rate: float
    uris: Sequence[str]
    notes: Sequence[str] = field(default_factory=tuple)
    median_level_db: float | None = None
    unseen_by_name: NDArray[np.float64] | None = None
    is_judged_anew: bool = False

    def score(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Anomaly scores (higher is more anomalous) and conformal p-values of embeddings: (M, D) → (M,) and (M,)."""
        scores = self.detector.anomaly_score(transformed(embeddings, self.transform))
        return scores, p_values(scores, self.unseen)

    def nearest(self, embeddings: NDArray[np.float32], k: int) -> tuple[list[list[str]], NDArray[np.float64]]:
        """The nearest training clips of each embedding: uris, and distances (M, min(k, N)), nearest first."""
        indices, distances = self.detector.nearest(transformed(embeddings, self.transform), k)
        return [[self.uris[index] for index in row] for row in indices.tolist()], distances


def fit_scorer(
    machine_type: str,
    machine_id: str,
    recipe: MachineRecipe,
    fingerprint: str,
    embeddings: NDArray[np.float32],
    domains: Domains,
    uris: Sequence[str],
    levels_db: Sequence[float | None] = (),
) -> Scorer:
    """Learn one machine's normal sound.

    Args:
        machine_type: whose.
        machine_id: whose.
        recipe: as it holds for the machine type.
        fingerprint: of the embeddings.
        embeddings: (N, D) float32 of normal clips.
        domains: (N,) "source", "target" or "".
        uris: (N,) of the clips.
        levels_db: (N,) dB re full scale; None for a clip that was not heard here.

    Raises:
        AsdError: too few clips, or clips that cannot be learnt from.
    """
    if len(embeddings) < 2:
        raise AsdError(
            f"{len(embeddings)} normal clip of {machine_type} {machine_id}: at least 2 are needed; record more"
        )
    transform = fit_transform(embeddings, recipe.embedding.transform)
    values = transformed(embeddings, transform)
    detector = new_detector(recipe.detector).fit(values, domains)
    row_scores = unseen_scores(recipe.detector, values, domains)
    by_name = row_scores[sorted(range(len(uris)), key=uris.__getitem__)]
    unseen = np.sort(row_scores)
    threshold = decision_threshold(unseen, recipe.threshold)
    heard = [level for level in levels_db if level is not None]
    return Scorer(
        machine_type,
        machine_id,
        recipe,
        fingerprint,
        detector,
        transform,
        threshold.value,
        unseen,
        cross_validated_false_alarm_rate(by_name, recipe.threshold),
        tuple(uris),
        (*detector.notes_, *threshold.notes),
        None if not heard else float(np.median(heard)),
        by_name,
    )


def judged_by(scorer: Scorer, config: ThresholdConfig, former: ThresholdConfig) -> Scorer:
    """The scorer with the threshold that a rule takes from its unseen scores; as it is where the rule is unchanged.

    Args:
        scorer: with the threshold of the former rule.
        config: the rule.
        former: the rule that the scorer was fitted with.
    """
    if config == former:
        return scorer
    threshold = decision_threshold(scorer.unseen, config)
    stale = decision_threshold(scorer.unseen, former).notes
    by_name = scorer.unseen_by_name
    return replace(
        scorer,
        threshold=threshold.value,
        false_alarm_rate=np.nan if by_name is None else cross_validated_false_alarm_rate(by_name, config),
        notes=(*(note for note in scorer.notes if note not in stale), *threshold.notes),
        is_judged_anew=True,
    )


def fit_transform(embeddings: NDArray[np.float32], kind: str) -> dict[str, NDArray[np.float64]]:
    """The numbers of the training normals that an embedding transform needs: none, or mean and deviation (D,)."""
    if kind == "none":
        return {}
    if np.any(embeddings < 0):
        raise AsdError(f'log-zscore takes powers, but an embedding holds {embeddings.min()}; take transform = "none"')
    logarithms = np.log(embeddings.astype(np.float64) + 1e-12)
    # A dimension that never varied says nothing about normal sound; a deviation of 1 leaves it as it is. Its computed
    # deviation need not be 0: the mean is rounded, and dividing by what that leaves would drown all other dimensions.
    varies = logarithms.min(axis=0) < logarithms.max(axis=0)
    return {"mean": logarithms.mean(axis=0), "deviation": np.where(varies, logarithms.std(axis=0), 1.0)}


def transformed(embeddings: NDArray[np.float32], transform: dict[str, NDArray[np.float64]]) -> Embeddings:
    """Apply an embedding transform: (N, D) → (N, D), float32 as it was or float64."""
    if not transform:
        return embeddings
    logarithms = np.log(np.maximum(embeddings.astype(np.float64), 0) + 1e-12)
    return np.asarray((logarithms - transform["mean"]) / transform["deviation"])


def cross_validated_false_alarm_rate(unseen: NDArray[np.float64], config: ThresholdConfig, folds: int = 5) -> float:
    """Share of unseen normal scores above a threshold set on the other folds: what to expect of the real one.

    The folds are runs of neighbours, so that nights unlike the others count. Folds that are spread evenly over the
    ranks of the scores would give the same share whatever the scores.

    Args:
        unseen: (N,) scores of the training normals as if unseen, in the order of their names, which is that of time.
        config: the rule of the threshold.
        folds: how many.

    Returns:
        In [0, 1]; NaN where there are fewer than two clips a fold.
    """
    if len(unseen) < 2 * folds:
        return float("nan")
    flagged = 0
    for held_out in np.array_split(np.arange(len(unseen)), folds):
        threshold = decision_threshold(np.delete(unseen, held_out), config)
        flagged += int(np.sum(unseen[held_out] > threshold.value))
    return flagged / len(unseen)
