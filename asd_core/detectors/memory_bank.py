"""Memory banks: the normal embeddings themselves, and how far others lie from the nearest of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.density import (
    local_distances,
    local_distances_without_each,
    local_distances_without_recordings,
)
from asd_core.detectors.nearest import Metric, NearestRows
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, State, several_rows
from asd_core.detectors.upsampling import UpsamplingConfig, synthetic_targets
from asd_core.detectors.whitening import NO_WHITENING, Whitening, WhiteningKind, fit_whitening
from asd_core.errors import AsdError
from asd_core.settings import check_integer

Density = Literal["none", "nearest", "least"]
SoftScoringKind = Literal["none", "minimum", "standardised"]


@dataclass(frozen=True)
class MemoryBankConfig(UpsamplingConfig):
    """The settings of a memory bank, beside those of `UpsamplingConfig`.

    Attributes:
        kind: names this detector in a recipe.
        k: distances that are averaged.
        metric: "euclidean" is the true distance, "cosine" is 1 − cos.
        density: "none" averages the k least distances. "nearest" divides each of these by the local distance of its
            reference. "least" averages the k least of all distances so divided.
        density_k: neighbours over which a reference's local distance is taken.
        whitening: "half" or "full": directions in which normal clips vary much count less, see `fit_whitening`.
        soft_scoring: a bank for source and one for target clips; the lesser score counts, as it is ("minimum") or
            with both on one scale ("standardised"), see `SoftScoring`.
        seed: of "smote", and of the folds in which "standardised" soft scoring scores clips not seen in fitting.
    """

    kind: Literal["memory_bank"] = "memory_bank"
    k: int = 4
    metric: Metric = "euclidean"
    density: Density = "none"
    density_k: int = 16
    whitening: WhiteningKind = "none"
    soft_scoring: SoftScoringKind = "none"

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        super().__post_init__()
        check_integer("k", self.k, 1)
        check_integer("density_k", self.density_k, 1)

    @property
    def is_plain(self) -> bool:
        """True where a clip shapes nothing but the bank it is in: no whitening, no synthetic clips."""
        return self.whitening == "none" and self.target_upsampling == "none"


class MemoryBank:
    """Anomaly score: mean of the k least distances to the normal clips (Ogura et al., eq. 1).

    With k = 1 and density "least" it is the score of Wilkinghoff et al., "Keeping the Balance".
    """

    def __init__(self, config: MemoryBankConfig) -> None:
        self.config = config
        self.notes_: list[str] = []
        self._whitening: Whitening | None = None
        self._real: NearestRows
        self._bank: NearestRows
        self._local: NDArray[np.float64]

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Keep the normal clips, (N, D) and (N,).

        With fewer than k clips, the mean is over all of them, with a note; likewise density_k.

        Raises:
            AsdError: no clips, or embeddings that are not finite.
        """
        rows, is_target = checked_normals(embeddings, domains)
        synthetic, notes = synthetic_targets(rows, is_target, self.config)
        whitening = fit_whitening(rows, self.config.whitening)
        self.fit_rows(whitening(rows), whitening(synthetic))
        self._whitening = whitening
        self.notes_ = notes + self.notes_
        return self

    def fit_rows(self, rows: NDArray[np.float64], synthetic: NDArray[np.float64]) -> Self:
        """Keep rows as they are, (N, D), and synthetic ones, (S, D), which count in scores but are never `nearest`."""
        self._index(rows, synthetic)
        self._whitening = NO_WHITENING
        self._local = np.empty(0)
        self.notes_ = []
        total, config = len(self._bank), self.config
        if total < config.k:
            self.notes_.append(f"k = {config.k} but {total} normal clips: the mean is over {total} distances")
        if config.density != "none":
            if total - 1 < config.density_k:
                self.notes_.append(
                    f"density_k = {config.density_k} but {total} normal clips: local distances are over {total - 1}"
                )
            self._local = local_distances(self._bank, config.density_k)
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """Mean (density-normalised) distance, (M, D) → (M,) float64 ≥ 0; higher is more anomalous."""
        queries = self._placed(embeddings)
        if self.config.density == "least":
            return np.asarray(self._bank.search_scaled(queries, self.config.k, self._local[None]).mean(axis=1))
        indices, distances = self._bank.search(queries, self.config.k)
        if self.config.density == "nearest":
            distances = distances / self._local[indices]
        return np.asarray(distances.mean(axis=1))

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Detector.nearest`: in the bank's metric, after whitening; never a synthetic clip."""
        return self._real.search(self._placed(embeddings), k)

    @property
    def rows(self) -> NDArray[np.float64]:
        """The training clips as they are searched (whitened), (N, D)."""
        return self._fitted()[1].rows[: len(self._real)]

    @property
    def leaves_one_out(self) -> bool:
        """True where `leave_one_out_scores` can do without refitting."""
        return self.config.is_plain

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """The score of each training clip under a bank that never held its recording, (N,) float64.

        Equal to fitting N banks of N − 1 clips, the local distances of the others included, at the cost of one search.

        Args:
            recordings: see `LeavingOneOut.leave_one_out_scores`.

        Raises:
            AsdError: one recording only, or a bank with whitening or upsampling, which the clip left out has shaped.
        """
        config, (_, bank) = self.config, self._fitted()
        if not config.is_plain:
            raise AsdError("leave-one-out of a whitened or upsampled memory bank needs refitting: use unseen_scores")
        if len(bank) < 2:
            raise AsdError("1 normal clip leaves none to compare it with: give the machine at least 2")
        if (recordings := several_rows(recordings, len(bank))) is not None:
            return _scores_without_recordings(bank, config, np.unique(recordings, return_inverse=True)[1])
        indices, distances = bank.search_others(config.k)
        if config.density == "none":
            return np.asarray(distances.mean(axis=1))
        scores = np.empty(len(bank))
        for removed, local in local_distances_without_each(bank, config.density_k):
            if config.density == "least":
                block = bank.search_scaled(bank.rows[removed], config.k, local, excluded=removed)
            else:
                block = distances[removed] / np.take_along_axis(local, indices[removed], axis=1)
            scores[removed] = block.mean(axis=1)
        return scores

    def state(self) -> State:
        """The clips as they are searched (whitened), their local distances, the whitening."""
        whitening, bank = self._fitted()
        return {
            **whitening.state(),
            "rows": _compact(self.rows),
            "synthetic": _compact(bank.rows[len(self._real) :]),
            "local_distances": self._local,
            "notes": np.array(self.notes_, dtype=np.str_),
        }

    @classmethod
    def from_state(cls, config: MemoryBankConfig, state: State) -> Self:
        """The fitted bank that `state` describes: its scores are the same to the bit."""
        bank = cls(config)
        bank._index(state["rows"].astype(np.float64), state["synthetic"].astype(np.float64))
        bank._whitening = Whitening.from_state(state)
        bank._local = state["local_distances"]
        bank.notes_ = [str(note) for note in state["notes"]]
        return bank

    def _index(self, rows: NDArray[np.float64], synthetic: NDArray[np.float64]) -> None:
        self._real = NearestRows(rows, self.config.metric)
        whole = np.vstack([rows, synthetic])
        self._bank = NearestRows(whole, self.config.metric) if len(synthetic) else self._real

    def _fitted(self) -> tuple[Whitening, NearestRows]:
        if self._whitening is None:
            raise AsdError("this memory bank holds no clips yet: call fit first")
        return self._whitening, self._bank

    def _placed(self, embeddings: Embeddings) -> NDArray[np.float64]:
        whitening, bank = self._fitted()
        return whitening(checked_embeddings(embeddings, bank.rows.shape[1]))


def _scores_without_recordings(
    bank: NearestRows, config: MemoryBankConfig, recordings: Recordings
) -> NDArray[np.float64]:
    """The score of each row under the bank without the rows of its recording, (N,); recordings count from 0."""
    if recordings.max() == 0:
        raise AsdError("1 recording leaves none to compare it with: give the machine at least 2")
    if config.density == "none":
        unscaled = np.ones(len(bank))
        parts = iter([(np.flatnonzero(recordings == name), unscaled) for name in range(recordings.max() + 1)])
    else:
        parts = local_distances_without_recordings(bank, config.density_k, recordings)
    scores = np.empty(len(bank))
    for own, local in parts:
        divisors = (local if config.density == "least" else np.ones(len(bank)))[None]
        indices, distances = bank.search_without(bank.rows[own], config.k, divisors, recordings[own], recordings)
        if config.density == "nearest":
            distances = distances / local[indices]
        scores[own] = distances.mean(axis=1)
    return scores


def _compact(rows: NDArray[np.float64]) -> NDArray[np.float64] | NDArray[np.float32]:
    """The rows in float32 where that loses nothing, as with embeddings that are not whitened."""
    single = rows.astype(np.float32)
    return single if np.array_equal(single, rows) else rows
