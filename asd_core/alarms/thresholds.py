"""Decision thresholds and p-values from the anomaly scores of normal clips not seen in fitting.

Scores and decisions are apart: nothing here knows the detector, and no anomalous clip is ever looked at.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import AsdError
from asd_core.settings import check_choices, check_number

_KOLMOGOROV = 1.36
_FAR = 0.2  # of the distribution: a curve that is nearer than that gives a fair quantile
_UNLIKELY = 0.03

ThresholdKind = Literal["quantile", "gamma"]


@dataclass(frozen=True)
class ThresholdConfig:
    """How the decision threshold is taken from unseen normal scores.

    Attributes:
        kind: "quantile" is a conformal order statistic; "gamma" the quantile of a gamma distribution fitted to the
            scores, the rule of the DCASE baselines.
        quantile: share of unseen normal clips that should not be flagged.
    """

    kind: ThresholdKind = "quantile"
    quantile: float = 0.9

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)
        check_number("quantile", self.quantile, above=0, below=1)


@dataclass(frozen=True)
class DecisionThreshold:
    """A clip whose anomaly score is above `value` is flagged.

    Attributes:
        value: in the unit of the scores.
        notes: what was done otherwise than asked, one line each.
    """

    value: float
    notes: tuple[str, ...] = ()


def decision_threshold(unseen: NDArray[np.float64], config: ThresholdConfig) -> DecisionThreshold:
    """The threshold above which a clip is flagged.

    Args:
        unseen: (N,) anomaly scores of normal clips not seen in fitting, see `unseen_scores`.
        config: the rule.

    Raises:
        AsdError: no scores, or scores that are not finite.
    """
    scores = checked_unseen(unseen)
    if config.kind == "gamma":
        value, trouble = _gamma_quantile(scores, config.quantile)
        if trouble is None:
            return DecisionThreshold(value)
        fallback = _order_statistic(scores, config.quantile)
        return DecisionThreshold(fallback.value, (f"{trouble}: the quantile rule instead", *fallback.notes))
    return _order_statistic(scores, config.quantile)


def _order_statistic(scores: NDArray[np.float64], quantile: float) -> DecisionThreshold:
    """The ceil((N + 1) q)-th least: a further normal score exceeds it with probability at most 1 − q."""
    total = len(scores)
    # Rounded first, or 0.9 · 10 counts as 9.000000000000002 and asks for one rank more.
    rank = max(1, math.ceil(round((total + 1) * quantile, 9)))
    if rank <= total:
        return DecisionThreshold(float(np.partition(scores, rank - 1)[rank - 1]))
    needed = math.ceil(round(quantile / (1 - quantile), 9))
    note = (
        f"quantile = {quantile} needs {needed} unseen normal scores, there are {total}: the largest is the threshold, "
        f"which {1 / (total + 1):.1%} of normal clips exceed"
    )
    return DecisionThreshold(float(scores.max()), (note,))


def _gamma_quantile(scores: NDArray[np.float64], quantile: float) -> tuple[float, str | None]:
    """The quantile of a gamma distribution fitted by maximum likelihood, or what went wrong."""
    from scipy import stats

    spread = float(np.ptp(scores))
    if len(scores) < 3 or spread == 0:
        return math.nan, f"no gamma distribution fits {len(np.unique(scores))} distinct scores"
    # In units of its own spread: the optimiser's steps are absolute, and a mixture's scores lie anywhere.
    lowest = float(scores.min())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # trial steps of the optimiser outside the support
            shape, location, scale = stats.gamma.fit((scores - lowest) / spread)
            found = float(stats.gamma.ppf(quantile, shape, loc=location, scale=scale))
    except (stats.FitError, ValueError, FloatingPointError) as error:
        return math.nan, f"the gamma fit failed ({error})"
    value = lowest + spread * found
    # A diverging fit puts its quantile far outside the scores it was fitted to.
    if not math.isfinite(value) or not 0 <= found <= 2:
        return math.nan, f"the gamma fit diverged (shape {shape:.3g}, its quantile {value:.6g})"
    levels = stats.gamma.cdf((scores - lowest) / spread, shape, loc=location, scale=scale)
    return value, _misfit(levels, quantile)


def _misfit(levels: NDArray[np.float64], quantile: float) -> str | None:
    """Say that a fitted distribution is not that of the scores; None where it may be.

    A single outlier can carry the fit away: of 1,000 scores it then flags none, or half of them. Kolmogorov's distance
    shows it (1.36 / sqrt(N) is its 5 % level, and rare indeed for a curve fitted to these very scores), and so does the
    share above the quantile. Scores that are a little unlike a gamma distribution keep their fit.

    Args:
        levels: (N,) of the distribution at each score.
        quantile: of the threshold.
    """
    from scipy import stats

    total, ordered = len(levels), np.sort(levels)
    steps = np.arange(total + 1) / total
    distance = float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
    above = int((levels > quantile).sum())
    asked, share = 1 - quantile, above / total
    chance = min(stats.binom.cdf(above, total, asked), stats.binom.sf(above - 1, total, asked))
    is_far_off = chance < _UNLIKELY and not asked / 2 <= share <= 2 * asked
    if distance <= max(_KOLMOGOROV / math.sqrt(total), _FAR) and not is_far_off:
        return None
    return (
        f"the gamma distribution does not fit the {total} unseen normal scores, an outlier may have drawn it away "
        f"(it flags {share:.1%} of them where {asked:.1%} are asked for, its curve is off by {distance:.2f})"
    )


def checked_unseen(unseen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unseen normal scores (N,) as float64.

    Raises:
        AsdError: there are none, or one is not finite.
    """
    scores = np.asarray(unseen, dtype=np.float64)
    if scores.ndim != 1 or len(scores) == 0:
        raise AsdError(f"unseen normal scores of shape {scores.shape}: a threshold needs at least one score, (N,)")
    if not np.isfinite(scores).all():
        raise AsdError(f"{np.count_nonzero(~np.isfinite(scores))} unseen normal scores are not finite: fit again")
    return scores
