"""Anomaly scores of different scorers brought to one scale, by normal scores that the scorer has not seen.

A score in units of another detector says nothing beside one's own. Three rules make them comparable:

- ``z``: (score − mean) / deviation of the unseen normal scores;
- ``robust``: (score − median) / (1.4826 · median absolute deviation), which a few odd normals cannot move;
- ``rank``: the share of the unseen normal scores that lie below, (# below + # equal / 2 + 1/2) / (N + 1). Clips above
  the highest unseen score are told apart no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.thresholds import checked_unseen
from asd_core.errors import AsdError

Rule = Literal["z", "robust", "rank"]
_NORMAL = 1.482602218505602  # deviation of a normal distribution in units of its median absolute deviation

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Standard:
    """The scale of one scorer.

    Attributes:
        rule: how scores are brought to it.
        unseen: (N,) float64, scores of normal clips as if unseen, in any order.
    """

    rule: Rule
    unseen: Floats

    def of(self, scores: Floats) -> Floats:
        """Standardised scores, (M,) → (M,) float64; higher is more anomalous.

        Raises:
            AsdError: no unseen scores, or scores that are not finite.
        """
        unseen = checked_unseen(self.unseen)
        if not np.isfinite(scores).all():
            raise AsdError(f"{np.count_nonzero(~np.isfinite(scores))} anomaly scores are not finite: leave them out")
        if self.rule == "rank":
            return (_twice_below(scores, unseen) + 1) / (2 * (len(unseen) + 1))
        centre, spread = _scale(unseen, self.rule)
        return np.asarray((scores - centre) / spread)

    def of_unseen(self) -> Floats:
        """Each unseen score by the scale of the others, (N,): as a further normal clip is standardised.

        Fewer than four scores leave too few others to tell a spread; they are standardised among themselves.
        """
        unseen = checked_unseen(self.unseen)
        total = len(unseen)
        if total < 4:
            return self.of(unseen)
        match self.rule:
            case "rank":
                return np.asarray(_twice_below(unseen, unseen) / (2 * total))
            case "z":
                return _z_without_each(unseen)
        scales = np.array([_scale(np.delete(unseen, place), self.rule) for place in range(total)])
        return np.asarray((unseen - scales[:, 0]) / scales[:, 1])

    @property
    def is_flat(self) -> bool:
        """True where all unseen scores are the same: scores are centred then, and no spread divides them."""
        return self.rule != "rank" and not np.ptp(self.unseen) > 0


def _twice_below(scores: Floats, unseen: Floats) -> Floats:
    """Twice the number of unseen scores below each score, and the number of those equal to it, (M,)."""
    ordered = np.sort(unseen)
    return np.asarray(np.searchsorted(ordered, scores, "left") + np.searchsorted(ordered, scores, "right"), np.float64)


def _scale(unseen: Floats, rule: Rule) -> tuple[float, float]:
    """Centre and spread of scores; a spread of 1 where they do not differ."""
    if rule == "robust":
        centre = float(np.median(unseen))
        spread = _NORMAL * float(np.median(np.abs(unseen - centre)))
        if spread > 0:
            return centre, spread
    else:
        centre = float(unseen.mean())
    # More than half of the scores may be one value, of which a median says that nothing differs.
    spread = float(unseen.std(ddof=1)) if len(unseen) > 1 and np.ptp(unseen) > 0 else 0.0
    return centre, spread if spread > 0 else 1.0


def _z_without_each(unseen: Floats) -> Floats:
    """(x_i − mean of the others) / deviation of the others, in closed form."""
    total, away = len(unseen), unseen - unseen.mean()
    difference = away * total / (total - 1)
    # The sum of squares loses (N / (N − 1)) of the squared distance of the one left out.
    squares = (away**2).sum()
    rest = squares - away**2 * total / (total - 1)
    spread = np.sqrt(np.maximum(rest, 0) / (total - 2))
    for place in np.flatnonzero(rest <= 1e-6 * squares):  # a lone outlier: little but rounding is left of the others
        spread[place] = _scale(np.delete(unseen, place), "z")[1]
    return np.asarray(difference / spread)
