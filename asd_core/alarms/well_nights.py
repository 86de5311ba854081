"""Nights of a machine that its bank may learn without a person's word, and which of them it keeps.

A fault that grows slowly is within chance every single night, so that "no alarm" alone would let a bank follow it. Four
rules prevent that. A night joins only if

1. it was judged and was within chance: no alarm, no watch;
2. it has been left alone for `GrowthRules.quarantine` nights, and none of these was an alarm of its machine;
3. its machine did not stand apart from the fleet then, nor in the `GrowthRules.hold` nights after it;
4. all of this is measured by the scorer that a person's fit made, the anchor, which never learns anything.

**Apart.** Each night of a machine lies so many deviations above its anchor's learnt nights. From that the median of the
fleet in the same night is taken: a season or a new gain moves all machines, and a fault one. The mean over the last
`GrowthRules.window` nights of what is left, by the mean of the clips and by the worst clip, is compared with its spread
over the machines, and with what chance gives. So a fleet may be followed wherever it goes, and a machine only as far
from it as other machines are. The anchor stays where it is, so that small steps add up and are seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.drift import FEWEST_MACHINES
from asd_core.alarms.machine_nights import Floats, Integers

Mask = NDArray[np.bool_]

_FEWEST_IN_WINDOW = 5
_QUARTILE = 0.6744897501960817  # 75 % quantile of the standard normal distribution


@dataclass(frozen=True)
class GrowthRules:
    """How banks may grow.

    Attributes:
        quarantine: nights that a night waits before it joins, and in which no alarm may follow it.
        window: last nights whose mean tells that a machine stands apart.
        hold: nights before a machine stood apart that do not join.
        apart: spreads of the fleet from which on a machine stands apart.
        most_nights: learnt beyond those of the anchor, at most.
    """

    quarantine: int = 7
    window: int = 14
    hold: int = 28
    apart: float = 2.0
    most_nights: int = 28


def standing_apart(distances: Floats, learnt: Integers, rules: GrowthRules) -> Floats:
    """How far each machine stands from the fleet by its last nights, in spreads of the fleet, (M, T).

    Higher is further above; NaN where fewer than five of the last nights are known. In a fleet of fewer than five
    machines nothing is common, and each machine is compared with its anchor alone.

    Args:
        distances: (K, M, T) of K statistics, in deviations of the anchor's learnt nights; NaN for unknown.
        learnt: (M,) nights that each anchor learnt.
        rules: of the window.
    """
    return np.asarray(np.fmax.reduce([_standing(one, learnt, rules.window) for one in distances]))


def _standing(distances: Floats, learnt: Integers, window: int) -> Floats:
    machines, nights = distances.shape
    apart = distances - _medians(distances)
    known = ~np.isnan(apart)
    sums, counts = (_over_window(values, window) for values in (np.where(known, apart, 0.0), known.astype(np.float64)))
    is_enough = counts >= _FEWEST_IN_WINDOW
    means = np.where(is_enough, sums / np.maximum(counts, 1), np.nan)
    fitted = np.maximum(learnt, 2)[:, None]
    chance = np.sqrt((1 / np.maximum(counts, 1) + 1 / fitted) / (1 + 1 / fitted))
    found = np.full((machines, nights), np.nan)
    for night in range(nights):
        own = np.flatnonzero(is_enough[:, night])
        if len(own) < FEWEST_MACHINES:
            found[own, night] = means[own, night] / chance[own, night]
            continue
        middle, high = np.quantile(means[own, night], [0.5, 0.75])
        spread = max(float(high - middle) / _QUARTILE, 1e-12)
        found[own, night] = (means[own, night] - middle) / np.maximum(chance[own, night], spread)
    return found


def _medians(distances: Floats) -> Floats:
    """Median of each night over the machines, (T,); 0 where these are too few."""
    found = np.zeros(distances.shape[1])
    for night, values in enumerate(distances.T):
        known = values[~np.isnan(values)]
        if len(known) >= FEWEST_MACHINES:
            found[night] = np.median(known)
    return found


def _over_window(values: Floats, window: int) -> Floats:
    """Sum over each night and those before it, at most ``window``, (M, T)."""
    total = np.cumsum(values, axis=1)
    total[:, window:] -= total[:, :-window].copy()
    return total


@dataclass(frozen=True)
class Growth:
    """Verdicts on M machines over T nights.

    Attributes:
        joins: (M, T) True for nights that may be learnt.
        compared: (M, T) True for watched nights that meet all other rules. They are not learnt, but new nights are
            compared with them too: without the rarest nights of well machines alarms would become ever more frequent.
        waits: (M, T) True for nights that their quarantine keeps out so far, watched ones too: on these a refit is
            checked.
        apart: (M,) True for machines that stood apart within the last nights.
    """

    joins: Mask
    compared: Mask
    waits: Mask
    apart: Mask


def growth(tiers: NDArray[np.str_], standing: Floats, rules: GrowthRules) -> Growth:
    """The nights that banks may learn without a person's word.

    Args:
        tiers: (M, T) of each night; "" for one that is out for another reason, such as a label.
        standing: (M, T), see `standing_apart`.
        rules: by which they join.
    """
    nights = tiers.shape[1]
    is_alarm = tiers == "act"
    # An unknown standing is none: a machine of which no window is known yet joins nothing.
    is_apart = standing > rules.apart
    is_known = ~np.isnan(standing)
    ahead = _follows(is_alarm, rules.quarantine) | is_alarm
    held = _follows(is_apart, rules.hold) | is_apart | ~(is_known | _follows(is_known, rules.hold))
    is_old = (np.arange(nights) < nights - rules.quarantine)[None, :]
    fine = ~ahead & ~held
    within, watched = tiers == "within_chance", tiers == "watch"
    recent = is_apart[:, max(0, nights - rules.hold) :].any(axis=1)
    old, young = fine & is_old, fine & ~is_old
    return Growth(within & old, watched & old, (within | watched) & young, recent)


def _follows(events: Mask, nights: int) -> Mask:
    """True for each night that an event follows within so many nights, (M, T)."""
    found = np.zeros(events.shape, bool)
    for later in range(1, min(nights, events.shape[1] - 1) + 1):
        found[:, :-later] |= events[:, later:]
    return found


def thinned(nights: Sequence[int], most: int) -> list[int]:
    """At most so many of some nights, ascending: the newest half, and of the older ones some that are spread evenly.

    Args:
        nights: their numbers, ascending.
        most: how many are kept.

    Example:
        >>> thinned(range(20), 8)
        [0, 5, 10, 15, 16, 17, 18, 19]
    """
    if len(nights) <= most:
        return list(nights)
    newest = math.ceil(most / 2)
    older = list(nights[: len(nights) - newest])
    places = np.linspace(0, len(older) - 1, most - newest).round().astype(int)
    return [older[place] for place in dict.fromkeys(places.tolist())] + list(nights[len(nights) - newest :])
