"""Rules that raise alarms, to be compared on simulated scores: pooled nights, and plainer ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.calibration import calibrate
from asd_core.alarms.drift import fleet_null
from asd_core.alarms.machine_nights import MachineNights, machine_nights
from asd_core.alarms.over_nights import FleetNights, judge_nights
from asd_core.alarms.p_values import p_values
from asd_core.recipe.alarm_settings import AlarmConfig

Floats = NDArray[np.float64]
FLAGGED = 0.9  # share of unseen normal clips below the threshold of a clip


def nights_of(scores: Floats, first: int = 0) -> MachineNights:
    """Scores (machines, nights, clips) as nights, numbered from the first."""
    machines, nights, _ = np.indices(scores.shape)
    return machine_nights(scores.ravel(), machines.ravel(), nights.ravel() + first)


def judged(scores: Floats, learnt: int, rules: AlarmConfig) -> FleetNights:
    """The nights after the learnt ones, (machines, nights, clips) → (machines, nights)."""
    normal = nights_of(scores[:, :learnt])
    calibration = calibrate(normal, len(scores))
    null = fleet_null(normal.nights, calibration.null_means)
    return judge_nights(calibration, null, nights_of(scores[:, learnt:], learnt), rules)


def binomial_p(scores: Floats, learnt: int) -> Floats:
    """The plain count: P(B ≥ flagged clips), B binomial of the night's clips and 0.1, as if clips were independent."""
    from scipy.stats import binom

    clip_p = clip_p_values(scores, learnt)
    flagged = (clip_p <= 1 - FLAGGED + 1e-12).sum(axis=2)
    return np.asarray(binom.sf(flagged - 1, scores.shape[2], 1 - FLAGGED))


def clip_p_values(scores: Floats, learnt: int) -> Floats:
    """Each clip's p by the learnt clips of its machine, (machines, nights after the learnt, clips)."""
    later = scores[:, learnt:]
    own = [p_values(one.ravel(), one_learnt.ravel()) for one, one_learnt in zip(later, scores[:, :learnt], strict=True)]
    return np.array(own).reshape(later.shape)


def nth_highest_excess(scores: Floats, learnt: int, nth: int) -> Floats:
    """How far the n-th highest clip lies above its machine's threshold, in distances of that from the median.

    Compared with a limit: for 1 the plain clip threshold, for 2 and 3 the count of clips above it.
    """
    normal = scores[:, :learnt].reshape(len(scores), -1)
    median, threshold = np.quantile(normal, [0.5, FLAGGED], axis=1)[:, :, None]
    return np.asarray((np.sort(scores[:, learnt:], axis=2)[:, :, -nth] - threshold) / (threshold - median))


def nights_to_alarm(alarmed: NDArray[np.bool_]) -> Floats:
    """Nights from the first column up to the first alarm, that one among them, (machines,); infinite for none."""
    return np.where(alarmed.any(axis=1), alarmed.argmax(axis=1) + 1.0, np.inf)


def limit_for_rate(normal: Floats, rate: float) -> float:
    """The limit above which so large a share of normal values lies."""
    return float(np.quantile(normal, 1 - rate, method="higher"))


def limit_for_detection(faulty: Floats, within: int, found: float) -> float:
    """The limit above which the highest of the first nights lies for a share of the machines, (machines, nights)."""
    return float(np.quantile(faulty[:, :within].max(axis=1), 1 - found, method="lower"))


def distance_from_uniform(p: Floats) -> float:
    """Kolmogorov's distance of p-values, (N,), from even ones on (0, 1)."""
    ordered, steps = np.sort(p), np.arange(len(p) + 1) / len(p)
    return float(max((steps[1:] - ordered).max(), (ordered - steps[:-1]).max()))
