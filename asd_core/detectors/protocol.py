"""The members that every detector has, those that some have beside them, and how to write a detector of one's own.

A recipe names a class of one's own as ``kind = "my_package.my_module:Mine"`` in ``[detector]``, its settings beside it:

- the constructor takes the settings as keywords, each with a default, and raises ValueError for one that cannot be;
- the object keeps `Detector`: ``notes_``, `fit`, `anomaly_score`, `nearest` and `state`;
- the class keeps `from_state`: ``Mine.from_state(settings, state)`` makes a fitted detector of what `state` gave, which
  scores the same to the bit. States are saved as plain arrays, never as a pickle;
- thresholds come from detectors that are fitted without a fifth of the recordings each; a class that can leave out one
  recording exactly keeps `LeavingOneOut` instead.

`asd_core.detectors.nearest.NearestRows` searches for the nearest clips.
"""

from __future__ import annotations

from typing import Any, Protocol, Self, cast

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import AsdError

Embeddings = NDArray[np.floating[Any]]  # (N, D), float32 or float64, one row per clip or segment
Domains = NDArray[np.str_]  # (N,), "source", "target" or "" (unknown: treated as source)
Recordings = NDArray[np.int64]  # (N,), the number of the recording that each row is of
State = dict[str, NDArray[Any]]  # all that a fitted detector needs to score again; no object arrays, no pickle


class DetectorConfig(Protocol):
    """A recipe's ``[detector]``: a frozen dataclass of numbers, strings and booleans."""

    @property
    def kind(self) -> str:
        """The name in a recipe."""


class Detector(Protocol):
    """Learns where the normal embeddings of one machine lie and measures how far others stray."""

    @property
    def notes_(self) -> list[str]:
        """Everything `fit` did otherwise than asked, one line each (a fallback, too few clips)."""

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Learn from normal clips only, (N, D) and (N,). A second call forgets the first.

        Raises:
            AsdError: the clips cannot be learnt from (too few, not finite), with the number and the cure.
        """

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """(M, D) → (M,) float64, same order; higher is more anomalous."""

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The k nearest training clips of each row: indices into `fit`'s rows and distances, both (M, min(k, N)).

        Distances are true (not squared) and ascend; ties go to the lower index.
        """

    def state(self) -> State:
        """Everything that `from_state` needs."""

    @classmethod
    def from_state(cls, config: Any, state: State) -> Self:
        """The fitted detector that `state` describes: its scores are the same to the bit.

        Args:
            config: the detector's; for a class of one's own its settings, a mapping.
            state: from `state`.
        """


class LeavingOneOut(Detector, Protocol):
    """A detector that can score each training clip without its recording, at less cost than refitting."""

    @property
    def leaves_one_out(self) -> bool:
        """True where `leave_one_out_scores` may take the place of refitting; asked once it is fitted."""

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """The score of each of `fit`'s rows under a detector that never saw its recording, (N,).

        Args:
            recordings: (N,) the recording of each row; None: each row is a recording of its own.
        """


def leaving_one_out(detector: Detector) -> LeavingOneOut | None:
    """The detector, if it can leave one clip out."""
    return cast(LeavingOneOut, detector) if hasattr(detector, "leave_one_out_scores") else None


class FittingRecordings(Detector, Protocol):
    """A detector to which it matters, in fitting, which rows are of one recording."""

    fits_recordings: bool

    def fit(self, embeddings: Embeddings, domains: Domains, recordings: Recordings | None = None) -> Self:
        """See `Detector.fit`; ``recordings`` (N,) as for `LeavingOneOut.leave_one_out_scores`."""


def fitted(
    detector: Detector, embeddings: Embeddings, domains: Domains, recordings: Recordings | None = None
) -> Detector:
    """Fit a detector to normal clips, (N, D) and (N,), of recordings (N,); None: each row is one of its own."""
    if getattr(detector, "fits_recordings", False):
        return cast(FittingRecordings, detector).fit(embeddings, domains, recordings)
    return detector.fit(embeddings, domains)


def several_rows(recordings: Recordings | None, rows: int) -> Recordings | None:
    """The recordings, where one of them has more than one of the rows; else None.

    Raises:
        AsdError: another number of recordings than of rows.
    """
    if recordings is None:
        return None
    if np.shape(recordings) != (rows,):
        raise AsdError(f"{rows} embeddings but recordings of shape {np.shape(recordings)}: give one per embedding")
    return recordings if len(np.unique(recordings)) < rows else None
