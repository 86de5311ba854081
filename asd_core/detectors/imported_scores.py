"""Anomaly scores made elsewhere, as a detector that passes them on.

A score is kept as an embedding of two numbers, float32 each: the score rounded, and what rounding left. Their sum in
float64 is the score to 48 bits, so that no two scores of one system become equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, State
from asd_core.errors import AsdError
from asd_core.settings import check_choices

TRANSDUCTIVE_NOTE = (
    "judged by the very clips that are scored (transductive), for no scores of normals were given: the threshold is a "
    "quantile of them all"
)
_RANGE = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class ImportedScoresConfig:
    """A recipe's ``[detector]`` with ``kind = "scores"``.

    Attributes:
        kind: "scores".
        transductive: the clips that scores are judged by are those that are scored, not given normals.
    """

    kind: Literal["scores"] = "scores"
    transductive: bool = False

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)


def as_embeddings(scores: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scores as embeddings of two numbers: (N,) float64 → (N, 2) float32; NaN where a score is not finite.

    Raises:
        AsdError: a finite score is too large for float32.
    """
    finite = np.isfinite(scores)
    if (np.abs(scores[finite]) > _RANGE).any():
        raise AsdError(f"a score is {np.abs(scores[finite]).max():g}: give scores within ±3.4e38, or their logarithms")
    whole = np.where(finite, scores, np.nan).astype(np.float32)
    return np.stack([whole, (scores - whole).astype(np.float32)], axis=1)


class ImportedScores:
    """Anomaly score: the sum of an embedding's two numbers. Nothing is learnt, so no score is of a clip seen before.

    Scores name no nearest clips: clips of like scores need not sound alike.
    """

    def __init__(self, config: ImportedScoresConfig | None = None) -> None:
        self._config = config or ImportedScoresConfig()
        self._scores: NDArray[np.float64] | None = None

    @property
    def notes_(self) -> list[str]:
        """Remark where scores are judged by the clips that are scored."""
        return [TRANSDUCTIVE_NOTE] if self._config.transductive else []

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Keep the scores of the normal clips, (N, 2)."""
        self._scores = _scores(embeddings)
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """(M, 2) → (M,) float64: the scores as they were imported."""
        return _scores(embeddings)

    @property
    def leaves_one_out(self) -> bool:
        """True: no score depends on another clip."""
        return True

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """The scores of the normal clips as they were imported, (N,)."""
        return self._fitted()

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """No clips: both (M, 0)."""
        return np.empty((len(embeddings), 0), np.int64), np.empty((len(embeddings), 0))

    def state(self) -> State:
        """The scores of the normal clips."""
        return {"scores": self._fitted()}

    @classmethod
    def from_state(cls, config: ImportedScoresConfig, state: State) -> Self:
        """The detector that `state` describes."""
        detector = cls(config)
        detector._scores = state["scores"]
        return detector

    def _fitted(self) -> NDArray[np.float64]:
        if self._scores is None:
            raise AsdError("no scores of normal clips yet: call fit first")
        return self._scores


def _scores(embeddings: Embeddings) -> NDArray[np.float64]:
    return np.asarray(checked_embeddings(embeddings, 2).sum(axis=1))
