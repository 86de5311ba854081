"""A detector of one's own: how far an embedding lies outside the range of normal ones.

A recipe names it as `package.module:Class`. The contract is `asd_core/detectors/protocol.py`; thresholds and p-values
need nothing here, they come from cross-fitting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import asd_core as asd

Floats = NDArray[np.float64]


class OutsideRange:
    """The mean excess over the range of the normal embeddings, in units of the range of each dimension.

    Args:
        trim: share of the normal values at each end that the range leaves out.
    """

    def __init__(self, trim: float = 0.05) -> None:
        self.trim = trim
        self.notes_: list[str] = []  # everything that `fit` did otherwise than asked

    def fit(self, embeddings: Floats, domains: NDArray[np.str_]) -> OutsideRange:
        """Learn the range of normal embeddings (N, D)."""
        self.rows_ = embeddings
        self.low_, self.high_ = np.quantile(embeddings, [self.trim, 1 - self.trim], axis=0)
        return self

    def anomaly_score(self, embeddings: Floats) -> Floats:
        """Scores of embeddings: (M, D) to (M,) float64, higher is more anomalous."""
        excess = np.maximum(self.low_ - embeddings, 0) + np.maximum(embeddings - self.high_, 0)
        return (excess / (self.high_ - self.low_ + 1e-9)).mean(axis=1)

    def nearest(self, embeddings: Floats, k: int) -> tuple[NDArray[np.int64], Floats]:
        """The k nearest normal embeddings of each: indices and distances, two of (M, k)."""
        distances = np.linalg.norm(embeddings[:, None] - self.rows_[None], axis=2)
        order = np.argsort(distances, axis=1, kind="stable")[:, :k]
        return order, np.take_along_axis(distances, order, axis=1)

    def state(self) -> dict[str, NDArray[np.float64]]:
        """Its arrays: all that `from_state` needs."""
        return {"rows": self.rows_, "low": self.low_, "high": self.high_}

    @classmethod
    def from_state(cls, settings: Mapping[str, Any], state: Mapping[str, Floats]) -> OutsideRange:
        """The fitted detector of a state: it scores the same to the bit."""
        made = cls(**settings)
        made.rows_, made.low_, made.high_ = state["rows"], state["low"], state["high"]
        return made


def main() -> None:
    """Fit and score with it."""
    settings = {"encoder": {"kind": "twfr", "clip_seconds": 2.0}}
    settings["detector"] = {"kind": "own_detector:OutsideRange", "trim": 0.1}
    recipe = asd.Recipe("outside-range", settings)
    clips = asd.list_clips("recordings")
    nights = sorted(set(clips["date"].to_pylist()))
    for machine in asd.fit("store", recipe, asd.select(clips, until=nights[-2])):
        print(machine.machine_type, machine.threshold, machine.error)
    rows = asd.score("store", recipe, asd.select(clips, date=nights[-1]))
    print(rows.select(["machine_type", "anomaly_score", "is_flagged", "error_reason"]).to_pandas())


if __name__ == "__main__":
    main()
