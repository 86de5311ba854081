"""Unseen scores with groups of clips left out together: a night or session, and machines of a type."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from asd_core.clips.occasions import kind_of_occasion, occasion_numbers
from asd_core.detectors.build import new_detector
from asd_core.detectors.left_out_groups import scores_without_groups
from asd_core.detectors.protocol import Detector, DetectorConfig, Domains, Embeddings, Recordings, fitted
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError

_KINDS = ("night", "session", "clip")


@dataclass(frozen=True)
class GroupsLeftOut:
    """Training rows that are left out together.

    Attributes:
        kind: of the groups: ``night``, ``session``, several such as ``night or clip``, or ``machine``.
        numbers: (N,) number of each row's group, two groups at least.
        ahead: pairs of rows and the rows that were known well before them, both positions. The first of a pair are
            scored by the second alone, and not by all but their group.
    """

    kind: str
    numbers: Recordings
    ahead: Sequence[tuple[Recordings, Recordings]] = ()


def occasions_left_out(taken: Sequence[str]) -> GroupsLeftOut | None:
    """The occasions of training rows as groups; None where they are of one occasion, or none is known.

    With two nights each is scored by the other one alone, so that up to three times fewer normal clips are flagged than
    asked for. Clips that are left out by themselves make it seven times more where nights differ.

    Args:
        taken: (N,) occasion of each row, see `asd_core.clips.occasions.occasions`.
    """
    kinds = {kind_of_occasion(name) for name in taken}
    numbers = occasion_numbers(taken)
    if kinds <= {"clip"} or numbers.max() == 0:
        return None
    return GroupsLeftOut(" or ".join(kind for kind in _KINDS if kind in kinds), numbers)


def scores_left_out(
    config: DetectorConfig,
    detector: Detector,
    embeddings: Embeddings,
    domains: Domains,
    recordings: Recordings | None,
    groups: GroupsLeftOut | None,
) -> tuple[NDArray[np.float64], str]:
    """The unseen score of each training row, (N,), and what was left out for it.

    Where the detector cannot be fitted without a group, each clip is left out by itself.

    Args:
        config: of the detector.
        detector: fitted to just these rows.
        embeddings: (N, D), transformed.
        domains: (N,).
        recordings: (N,) of segments; None where each row is a whole clip.
        groups: of the rows; None leaves each clip out by itself.

    Raises:
        AsdError: too few clips.
    """
    if groups is not None:
        try:
            scores = scores_without_groups(config, detector, embeddings, domains, groups.numbers)
            for rows, known in groups.ahead:
                before = fitted(new_detector(config), embeddings[known], domains[known], _of(recordings, known))
                scores[rows] = before.anomaly_score(embeddings[rows])
            return scores, groups.kind
        except (AsdError, ValueError, ArithmeticError):  # the latter two from within a library
            if groups.kind == "machine":
                raise
    return unseen_scores(config, embeddings, domains, recordings, learnt=detector), "clip"


def _of(recordings: Recordings | None, rows: Recordings) -> Recordings | None:
    """The recordings of some rows, numbered from 0 again."""
    return None if recordings is None else np.unique(recordings[rows], return_inverse=True)[1]


def grown_left_out(taken: Sequence[str], joined: Collection[str], waited: int, most: int = 3) -> GroupsLeftOut | None:
    """As `occasions_left_out`, for a bank that has grown night by night.

    A night to come lies at the end of what is learnt, a learnt one in its midst, with others on both sides. Under drift
    the first scores higher, so that a threshold from the second would flag too many. So the nights of the last weeks
    that joined are scored by what was known so many nights before them, a week together. For older ones the bank of
    their time would be too small to speak for today's.

    Args:
        taken: (N,) occasion of each row.
        joined: dates of the nights that joined.
        waited: nights between a night and the newest one that it may be compared with.
        most: weeks of these, for each of which a detector is fitted.

    Example:
        >>> found = grown_left_out(["2026-11-01", "2026-11-02", "2026-11-20"], ["2026-11-20"], 7)
        >>> [(rows.tolist(), known.tolist()) for rows, known in found.ahead]
        [([2], [0, 1])]
    """
    groups = occasions_left_out(taken)
    if groups is None or not joined:
        return groups
    days = np.array([date.fromisoformat(name).toordinal() if name in joined else -1 for name in taken])
    last = int(days.max())
    weeks = np.where(days < 0, -1, (last - days) // 7)
    told = sorted(set(weeks[weeks >= 0].tolist()))
    ahead = []
    for week in told[:most]:
        rows = np.flatnonzero(weeks == week)
        known = np.flatnonzero((days < 0) | (days < days[rows].min() - waited))
        ahead.append((rows, known))
    return replace(groups, ahead=ahead)
