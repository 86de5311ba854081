"""The class negative log-likelihood: how little a trained head believes that a clip is of its own machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.nearest import NearestRows
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, State
from asd_core.errors import AsdError


@dataclass(frozen=True)
class ClassNllConfig:
    """The settings of the class negative log-likelihood; it has none.

    Attributes:
        kind: names this detector in a recipe.
    """

    kind: Literal["class_nll"] = "class_nll"


class ClassNll:
    """Anomaly score: the first number of an embedding, which a trained head sets to minus log p(own class).

    It learns nothing from a machine's clips, and keeps them only to name the nearest.
    """

    def __init__(self, config: ClassNllConfig) -> None:
        self.config = config
        self.notes_: list[str] = []
        self._rows: NDArray[np.float64] | None = None
        self._index: NearestRows

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Keep the normal clips, (N, 1 + E) and (N,).

        Raises:
            AsdError: no clips, embeddings that are not finite or hold one number alone.
        """
        rows, _ = checked_normals(embeddings, domains)
        if rows.shape[1] < 2:
            raise AsdError("class_nll takes a likelihood and the head's embedding beside it, got one number a clip")
        self._keep(rows)
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """Minus the log-likelihood of the own class, (M, 1 + E) → (M,) float64 ≥ 0; higher is more anomalous."""
        return checked_embeddings(embeddings, self._fitted().shape[1])[:, 0].copy()

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Detector.nearest`: by the cosine distance of the head's embeddings."""
        return self._index.search(checked_embeddings(embeddings, self._fitted().shape[1])[:, 1:], k)

    @property
    def leaves_one_out(self) -> bool:
        """True: no score depends on the clips that are kept."""
        return True

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """The scores of `fit`'s clips, (N,): those that are seen by the head are not unseen for being left out here."""
        return self._fitted()[:, 0].copy()

    def state(self) -> State:
        """The clips."""
        return {"rows": self._fitted()}

    @classmethod
    def from_state(cls, config: ClassNllConfig, state: State) -> Self:
        """The detector that `state` describes: its scores are the same to the bit."""
        detector = cls(config)
        detector._keep(state["rows"])
        return detector

    def _keep(self, rows: NDArray[np.float64]) -> None:
        self._rows = rows
        self._index = NearestRows(np.ascontiguousarray(rows[:, 1:]), "cosine")

    def _fitted(self) -> NDArray[np.float64]:
        if self._rows is None:
            raise AsdError("this detector holds no clips yet: call fit first")
        return self._rows
