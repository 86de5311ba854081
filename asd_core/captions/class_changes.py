"""Classes of sound that rose or fell against the nearest normal clips: words without a language model.

A class is named where its log odds l lie outside the normals' own spread by a margin. That is the rule of measured
differences (`asd_core.audio.findings`): with reference r (the median of the normals) and spread s (the largest distance
of a normal from r), where |l - r| > s + 2. The odds are then more than seven times as far as the spread explains. A
class whose probability stays below 2 % on both sides is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.findings import Finding

NO_CHANGE = "no class of sound rose or fell clearly"

MARGIN = 2.0  # of log odds
LEAST_PROBABILITY = 0.02  # of the clip or of its normals
_MOST = 4  # classes in a caption


@dataclass(frozen=True)
class ClassChange:
    """A class of sound that rose or fell.

    Attributes:
        name: of the class, such as ``Squeal``.
        before: its probability in the normals, the one of their median log odds.
        after: its probability in the clip.
        deviation: distance of the log odds over the normals' spread plus the margin; above 1.
    """

    name: str
    before: float
    after: float
    deviation: float

    @property
    def finding(self) -> Finding:
        """The change in words: ``more "Squeal" (3 % → 41 %, 1.8 times the limit)``."""
        change = f"{_percent(self.before)} → {_percent(self.after)}, {self.deviation:.1f} times the limit"
        return Finding(f'{"more" if self.after > self.before else "less"} "{self.name}" ({change})', self.deviation)


def class_changes(
    logits: NDArray[np.float64],
    normals: NDArray[np.float64],
    names: Sequence[str],
    margin: float = MARGIN,
    least: float = LEAST_PROBABILITY,
) -> tuple[ClassChange, ...]:
    """The classes that rose or fell, the furthest out of the normals' spread first.

    Args:
        logits: log odds of each class in a clip, (C,).
        normals: those of its nearest normal clips, (k, C), k at least 1.
        names: of the classes, C.
        margin: of log odds, beyond the normals' spread.
        least: probability that a class reaches in the clip or in the normals.
    """
    reference = np.median(normals, axis=0)
    spread = np.abs(normals - reference).max(axis=0)
    deviations = np.abs(logits - reference) / (spread + margin)
    before, after = probability(reference), probability(logits)
    named = (deviations > 1) & (np.maximum(before, after) >= least)
    order = sorted(np.flatnonzero(named), key=lambda place: (-deviations[place], place))
    return tuple(
        ClassChange(names[one], float(before[one]), float(after[one]), float(deviations[one])) for one in order
    )


def changes_text(changes: Sequence[ClassChange]) -> str:
    """One line: the four classes that are furthest out of the normals' spread, or that there is none."""
    statements = [change.finding.statement for change in changes[:_MOST]]
    if len(changes) > _MOST:
        lesser = len(changes) - _MOST
        statements.append(f"and {lesser} lesser {'change' if lesser == 1 else 'changes'}")
    return ", ".join(statements) or NO_CHANGE


def probability(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log odds → probabilities."""
    return np.asarray(1 / (1 + np.exp(-logits)))


def _percent(share: float) -> str:
    if share < 0.0005:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.0095 else f"{100 * share:.0f} %"
