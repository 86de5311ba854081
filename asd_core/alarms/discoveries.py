"""Machines of a night that become alarms: a rule over the p-values of the whole fleet.

- ``family``: p at most N / machines, N being the false alarms a night that are put up with over the fleet. If all
  machines are well, N are expected (the per-family error rate), whatever the machines have in common.
- ``bh``: the step-up rule of Y. Benjamini and Y. Hochberg ("Controlling the False Discovery Rate", 1995) at the level
  N. If all machines are well, a night with any alarm is as rare as under ``family``. If many are not, more of them
  are found, and false alarms are at most the share N of all.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.machine_nights import Floats, Integers

Rule = Literal["family", "bh"]
Tier = Literal["act", "watch", "within_chance", "not_decided"]
Tiers = NDArray[np.str_]

_MOST_FALSE = 0.5  # share of false alarms that the step-up rule is ever asked for
_NODES = 20  # of the integral over what nights have in common


def alarm_level(p_values: Floats, false_alarms: float, rule: Rule = "family") -> float:
    """The largest p that is an alarm in one night; 0 without a machine that can be judged.

    Args:
        p_values: (M,) of the night's machines; NaN for machines that cannot be judged, which count as none.
        false_alarms: expected over the fleet if all machines are well.
        rule: ``family`` or ``bh``.
    """
    judged = np.sort(p_values[~np.isnan(p_values)])
    total = len(judged)
    if not total:
        return 0.0
    if rule == "family":
        return min(1.0, false_alarms / total)
    # With no discovery at all, the level is the one that a single machine would have to reach.
    levels = min(false_alarms, _MOST_FALSE) * np.arange(1, total + 1) / total
    within = np.flatnonzero(judged <= levels)
    return float(levels[within[-1] if len(within) else 0])


def alarm_levels(p_values: Floats, false_alarms: float, rule: Rule = "family") -> Floats:
    """`alarm_level` of each of several nights, (M, T) → (T,)."""
    return np.array([alarm_level(night, false_alarms, rule) for night in p_values.T])


def persistent(p_values: Floats, least: int, nights: int, learnt: Integers | None = None) -> Floats:
    """P-values of ``least`` of so many nights in a row as unlikely, this one among them, (M, T) → (M, T).

    The statistic is a, the larger of this night's p and the (least − 1)-th smallest of the nights before. If nights of
    a well machine are independent, P(a ≤ x) = x · P(B ≥ least − 1) with B binomial of the nights before and x, and that
    of the found a is the p-value. Nights that were judged by the same n learnt nights share the error of their mean and
    so have the correlation 1 / (n + 1), which is integrated over. Nights that cannot be judged are passed over. Too few
    nights before make p 1.

    Args:
        p_values: in the order of the nights; NaN for a night that cannot be judged, which stays NaN.
        least: m of m of n, at least 1.
        nights: n of m of n, at least ``least``.
        learnt: (M,) nights that each machine was judged by; None takes nights as independent.
    """
    if nights == 1:
        return p_values.copy()
    common = np.zeros(len(p_values)) if learnt is None else 1 / (learnt + 1)
    found = np.full_like(p_values, np.nan)
    # The last n − 1 judged nights of each machine, 1 where there were none.
    before = np.ones((len(p_values), nights - 1))
    known = np.zeros(len(p_values), dtype=np.int64)
    for night, tonight in enumerate(p_values.T):
        judged = ~np.isnan(tonight)
        larger = tonight
        if least > 1:
            larger = np.maximum(tonight, np.partition(before, least - 2, axis=1)[:, least - 2])
        told = judged & (known >= least - 1)
        found[judged, night] = 1.0
        found[told, night] = _chance(larger[told], least - 1, known[told], common[told])
        before[judged] = np.column_stack([before[judged, 1:], tonight[judged]])
        known = np.minimum(known + judged, nights - 1)
    return found


def _chance(level: Floats, least: int, total: Integers, common: Floats) -> Floats:
    """P(one night and at least so many of others are within a level), (M,), nights being normal and equicorrelated."""
    from scipy.special import ndtr, ndtri

    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)  # type: ignore[no-untyped-call]
    weights = weights / weights.sum()
    limit = ndtri(np.clip(level, 1e-300, 1.0))[:, None]
    own = ndtr((limit + np.sqrt(common)[:, None] * nodes) / np.sqrt(1 - common)[:, None])  # given the common error
    return np.asarray((own * _at_least(least, total[:, None], own)) @ weights)


def _at_least(least: int, total: Integers, probability: Floats) -> Floats:
    """P(B ≥ least) of binomial B: 1 less the probabilities of fewer."""
    fewer = np.zeros_like(probability)
    choices = np.ones_like(total, dtype=np.float64)
    for count in range(least):
        fewer += choices * probability**count * (1 - probability) ** np.maximum(total - count, 0)
        choices = choices * (total - count) / (count + 1)
    return np.asarray(np.maximum(1 - fewer, 0.0))


def ranking(in_alarm: NDArray[np.bool_], p_values: Floats, strength: Floats) -> Integers:
    """Positions of machines, (M,), by evidence: alarms first, then by p, then by strength; those without p at the end.

    Args:
        in_alarm: (M,) True for alarms.
        p_values: (M,), NaN for machines that cannot be judged.
        strength: (M,) as in `asd_core.alarms.calibration.NightEvidence`: tells nights at the floor of p apart.
    """
    return np.asarray(np.lexsort((-np.nan_to_num(strength), np.nan_to_num(p_values, nan=2.0), ~in_alarm)))
