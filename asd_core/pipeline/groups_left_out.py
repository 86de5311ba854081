"""Unseen scores with groups of clips left out together: a night or session, and machines of a type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asd_core.clips.occasions import kind_of_occasion, occasion_numbers
from asd_core.detectors.left_out_groups import scores_without_groups
from asd_core.detectors.protocol import Detector, DetectorConfig, Domains, Embeddings, Recordings
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError

_KINDS = ("night", "session", "clip")


@dataclass(frozen=True)
class GroupsLeftOut:
    """Training rows that are left out together.

    Attributes:
        kind: of the groups: ``night``, ``session``, several such as ``night or clip``, or ``machine``.
        numbers: (N,) number of each row's group, two groups at least.
    """

    kind: str
    numbers: Recordings


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
            return scores_without_groups(config, detector, embeddings, domains, groups.numbers), groups.kind
        except (AsdError, ValueError, ArithmeticError):  # the latter two from within a library
            if groups.kind == "machine":
                raise
    return unseen_scores(config, embeddings, domains, recordings, learnt=detector), "clip"
