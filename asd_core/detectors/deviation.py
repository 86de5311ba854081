"""Distance from the mean of the normal clips: all there is to say of a single number, such as a level."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.nearest import NearestRows
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, State
from asd_core.errors import AsdError


class Deviation:
    """Anomaly score: Euclidean distance from the mean embedding of the normal clips.

    Neighbours among a few values of one number lie at any distance from each other. With ten clips that spread 1.5 dB,
    distances to the nearest, divided by their density, find a change of 5 dB in the level half as often as this does.
    """

    def __init__(self, config: Any = None) -> None:
        self.notes_: list[str] = []
        self._real: NearestRows | None = None

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Keep the normal clips, (N, D) and (N,).

        Raises:
            AsdError: no clips, or embeddings that are not finite.
        """
        self._real = NearestRows(checked_normals(embeddings, domains)[0])
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """(M, D) → (M,) float64 ≥ 0; higher is more anomalous."""
        rows = self._fitted().rows
        return _lengths(checked_embeddings(embeddings, rows.shape[1]) - rows.mean(axis=0))

    @property
    def leaves_one_out(self) -> bool:
        """True where there are clips beside the one left out."""
        return len(self._fitted()) > 1

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """See `LeavingOneOut.leave_one_out_scores`: the distance from the mean of the other recordings' clips.

        Raises:
            AsdError: one recording only.
        """
        rows = self._fitted().rows
        number = np.arange(len(rows)) if recordings is None else np.unique(recordings, return_inverse=True)[1]
        of_own, count = np.zeros((int(number.max()) + 1, rows.shape[1])), np.bincount(number)
        np.add.at(of_own, number, rows)
        others = len(rows) - count[:, None]
        if not others.all():
            raise AsdError("1 normal clip leaves none to compare it with: give the machine at least 2")
        return _lengths(rows - ((of_own.sum(axis=0) - of_own) / others)[number])

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Detector.nearest`: Euclidean."""
        real = self._fitted()
        return real.search(checked_embeddings(embeddings, real.rows.shape[1]), k)

    def state(self) -> State:
        """The clips."""
        return {"rows": self._fitted().rows}

    @classmethod
    def from_state(cls, config: Any, state: State) -> Self:
        """The fitted detector that `state` describes: its scores are the same to the bit."""
        detector = cls(config)
        detector._real = NearestRows(state["rows"])
        return detector

    def _fitted(self) -> NearestRows:
        if self._real is None:
            raise AsdError("this detector has no mean yet: call fit first")
        return self._real


def _lengths(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.sqrt((differences**2).sum(axis=1)))
