"""Checks that a refitted scorer must pass before it takes the place of the one that scores now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.machine_nights import Floats

LEVEL = 0.005
"""Chance of a share of flagged clips as far away, on either side, at which a well calibrated scorer is refused."""

FEWEST_NIGHTS = 3
"""Held-out nights below which no share is told."""

LESS_SENSITIVE = 0.02
"""AUC of labelled faults against held-out normals that a refit may cost; a few clips do not tell less."""


@dataclass(frozen=True)
class HeldOutFlags:
    """Flags on normal clips of nights that a scorer has not seen.

    Attributes:
        flagged: number of clips above the threshold.
        clips: number of clips.
        nights: number of nights.
        nominal: share that should be flagged.
        p_low: chance of as few or fewer, if the scorer is well calibrated.
        p_high: chance of as many or more.
    """

    flagged: int
    clips: int
    nights: int
    nominal: float
    p_low: float
    p_high: float

    @property
    def trouble(self) -> str:
        """Why the calibration does not hold, in words; "" where it does."""
        share = f"{self.flagged} of {self.clips} clips of {self.nights} held-out normal nights are flagged"
        asked = f"where {self.nominal:.0%} are asked for"
        if self.nights < FEWEST_NIGHTS:
            return f"{self.nights} held-out normal nights are too few to check it, {FEWEST_NIGHTS} are needed"
        if self.p_high < LEVEL:
            return f"{share} ({self.flagged / self.clips:.0%}) {asked}"
        if self.p_low < LEVEL:
            return f"only {share} ({self.flagged / self.clips:.0%}) {asked}"
        return ""


def held_out_flags(flagged: NDArray[np.bool_], nights: NDArray[np.int64], nominal: float, alike: float) -> HeldOutFlags:
    """Compare the flags on held-out normal clips with the share that was asked for, by a binomial bound.

    Clips of a night are flagged together. n clips of nights of c clips then tell as much as n / (1 + (c - 1) rho) clips
    by themselves, rho being their intraclass correlation (L. Kish, Survey Sampling, 1965).

    Args:
        flagged: (N,) of the clips.
        nights: (N,) number of each clip's night.
        nominal: share that should be flagged.
        alike: rho, in [0, 1], see `alikeness`.
    """
    from scipy.special import betainc

    total, count = len(flagged), int(flagged.sum())
    per_night = np.unique(nights, return_counts=True)[1]
    if not total:
        return HeldOutFlags(0, 0, 0, nominal, 1.0, 1.0)
    usual = float((per_night**2).sum() / total)  # clips in the night of a clip
    effective = total / (1 + (usual - 1) * alike)
    found = count / total * effective
    # P(B >= k) of a binomial B is the regularised incomplete beta function, which takes any k and n.
    p_high = 1.0 if found <= 0 else float(betainc(found, effective - found + 1, nominal))
    p_low = 1.0 if found >= effective else 1 - float(betainc(found + 1, effective - found, nominal))
    return HeldOutFlags(count, total, len(per_night), nominal, p_low, p_high)


def alikeness(flagged: NDArray[np.bool_], nights: NDArray[np.int64]) -> float:
    """Intraclass correlation of the flags of clips of one night, in [0, 1], by the analysis of variance.

    Args:
        flagged: (N,) of the clips of several nights.
        nights: (N,) number of each clip's night; numbers of different machines differ.
    """
    _, place, counts = np.unique(nights, return_inverse=True, return_counts=True)
    total, groups = len(flagged), len(counts)
    if groups < 2 or total <= groups:
        return 0.0
    means = np.bincount(place, flagged, groups) / counts
    centre = flagged.mean()
    between = float((counts * (means - centre) ** 2).sum()) / (groups - 1)
    within = float(((flagged - means[place]) ** 2).sum()) / (total - groups)
    usual = (total - float((counts**2).sum()) / total) / (groups - 1)
    spread = between + (usual - 1) * within
    return 0.0 if spread <= 0 else float(np.clip((between - within) / spread, 0, 1))


def sensitivity_lost(old: tuple[Floats, Floats], new: tuple[Floats, Floats]) -> tuple[float, float] | None:
    """AUC of labelled faults against held-out normals by the old and by the new scorer, where the new one loses.

    An AUC takes both at equal false alarms: an old scorer with many of them finds many faults by its threshold.

    Args:
        old: scores of the faults and of the normals, (F,) and (N,).
        new: likewise.

    Returns:
        Both AUCs where the new one is lower by more than `LESS_SENSITIVE`; None else, and where there are none.
    """
    if not all(len(one) for one in (*old, *new)):
        return None
    before, after = (_auc(*scores) for scores in (old, new))
    return (before, after) if after < before - LESS_SENSITIVE else None


def _auc(anomalous: Floats, normal: Floats) -> float:
    """Chance that an anomalous clip scores higher than a normal one; ties count half."""
    ordered = np.sort(normal)
    below = np.searchsorted(ordered, anomalous, "left") + np.searchsorted(ordered, anomalous, "right")
    return float(below.mean() / (2 * len(normal)))
