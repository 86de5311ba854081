"""What every detector keeps."""

from __future__ import annotations

from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Embeddings = NDArray[np.floating[Any]]  # (N, D), float32 or float64, one row per clip
Domains = NDArray[np.str_]  # (N,), "source", "target" or "" (unknown: treated as source)
State = dict[str, NDArray[Any]]  # what a fitted detector needs to score again; no object arrays, no pickle


class Detector(Protocol):
    """Learns where the normal embeddings of one machine lie and measures how far others stray."""

    notes_: list[str]
    """What `fit` did otherwise than asked, one line each (a fallback, too few clips), for scorer and report."""

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Learn from normal clips only, (N, D) and (N,). A second call forgets the first.

        Raises:
            AsdError: the clips cannot be learnt from (too few, not finite), with the number and the cure.
        """
        ...

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """(M, D) → (M,) float64, same order; higher is more anomalous."""
        ...

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The k nearest training clips of each row: indices into `fit`'s rows and distances, both (M, min(k, N)).

        Distances are true (not squared) and ascend; ties go to the lower index.
        """
        ...

    def state(self) -> State:
        """Everything that `from_state` needs."""
        ...
