"""How certain an official score is: its jackknife over all clips of all machines, in closed form.

Every clip is left out in turn and the official score is taken anew. Only the figures of the clip's own machine change,
and they follow from one sort (`asd_core.evaluation.jackknife`), so that all leave-one-out scores of a challenge take
milliseconds. The clips of each machine, condition and domain are one stratum: the challenge set their numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.dcase_scores import DOMAINS, DcaseProtocol, figures, is_compared, official_score
from asd_core.evaluation.jackknife import auc_without_each, jackknife_variance, pauc_without_each
from asd_core.evaluation.labelled_clips import LabelledClips

Floats = NDArray[np.float64]
LEVEL = 0.95
_TWO_SIDED = 1.959963984540054  # the 0.975 quantile of the normal distribution


def standard_error(machines: Sequence[tuple[str, LabelledClips]], protocol: DcaseProtocol) -> float | None:
    """Standard error of the official score over draws of clips; None where a stratum has a single clip.

    Args:
        machines: type and clips of each machine in the score, as for `official_score`.
        protocol: of the score.

    Raises:
        OneClassError: see `figures`.
    """
    own = [figures(clips, protocol) for _, clips in machines]
    score = official_score([(kind, values) for (kind, _), values in zip(machines, own, strict=True)], protocol)
    if score is None:
        return None
    n_figures = sum(map(len, own))
    ids, kinds = Counter(kind for kind, _ in machines), len({kind for kind, _ in machines})
    total = 0.0
    for (kind, clips), values in zip(machines, own, strict=True):
        without = figures_without_each(clips, protocol)
        if protocol == "dcase2020":
            change = np.mean([without[name] - value for name, value in values.items()], axis=0)
            scores = score + change / (kinds * ids[kind])
        else:
            change = np.sum([_inverse(without[name]) - _inverse(value) for name, value in values.items()], axis=0)
            scores = n_figures / (n_figures / score + change)
        variance = jackknife_variance(scores, _strata(clips))
        if variance is None:
            return None
        total += variance
    return float(np.sqrt(total))


def interval(score: float, error: float) -> tuple[float, float]:
    """The 95 % interval of a score in [0, 1] with this standard error."""
    return max(0.0, score - _TWO_SIDED * error), min(1.0, score + _TWO_SIDED * error)


def figures_without_each(clips: LabelledClips, protocol: DcaseProtocol) -> dict[str, Floats]:
    """The `figures` of one machine without each of its clips, by name, (N,) each."""

    def of(metric: Callable[[Floats, NDArray[np.bool_]], Floats], name: str, keep: NDArray[np.bool_]) -> Floats:
        values = np.full(len(keep), whole[name])
        values[keep] = metric(clips.anomaly_scores[keep], clips.is_anomalous[keep])
        return values

    whole = figures(clips, protocol)
    all_clips = np.ones(len(clips.is_anomalous), np.bool_)
    found = {}
    for name in whole:
        figure, _, domain = name.partition("_")
        keep = is_compared(clips, domain, protocol) if domain in DOMAINS else all_clips
        found[name] = of(auc_without_each if figure == "auc" else pauc_without_each, name, keep)
    return found


def _strata(clips: LabelledClips) -> NDArray[np.intp]:
    _, domain = np.unique(clips.domains.astype(str), return_inverse=True)
    _, strata = np.unique(2 * domain + clips.is_anomalous, return_inverse=True)
    return np.asarray(strata, np.intp)


def _inverse(values: Floats | float) -> Floats:
    return np.asarray(1 / np.maximum(values, np.finfo(np.float64).eps))
