"""Gaussian mixtures over the normal embeddings of one machine, and what is done where clips are too few for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.em import Mixture, fit_diagonal_covariances, fit_full_covariances
from asd_core.detectors.few_clips import bearable_ridge, components_within_reach, is_short_of_clips
from asd_core.detectors.first_clusters import cluster_labels
from asd_core.detectors.gaussians import component_log_densities, left_out_log_densities
from asd_core.detectors.left_out_recordings import log_densities_without_recordings
from asd_core.detectors.memory_bank import SoftScoringKind
from asd_core.detectors.nearest import NearestRows
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, State, several_rows
from asd_core.detectors.upsampling import UpsamplingConfig, synthetic_targets
from asd_core.errors import AsdError
from asd_core.settings import check_integer, check_number

Covariance = Literal["full", "diag"]
GmmScore = Literal["max_component", "nll"]

_BEARABLE_SHIFT = 0.15  # standard deviations; moves a false-alarm rate of 10 % to 8 %


@dataclass(frozen=True)
class GmmConfig(UpsamplingConfig):
    """The settings of a Gaussian mixture, beside those of `UpsamplingConfig`.

    Attributes:
        kind: names this detector in a recipe.
        n_components: Gaussians.
        covariance: of each Gaussian.
        score: "max_component" is minus the largest log-density of any component, without its weight (TWFR-GMM);
            "nll" the negative log-likelihood of the mixture.
        reg_covar: added to the diagonal of each covariance.
        tol: least gain in mean log-likelihood for which EM goes on.
        max_iter: most steps of EM.
        strict: fit full covariances as asked however few the clips, as the reference does. Otherwise too few clips
            are met by shrinkage and fewer components, each with a note.
        soft_scoring: a mixture for source and one for target clips; the lesser score counts, as it is ("minimum") or
            with both on one scale ("standardised"), see `SoftScoring`.
        seed: of the k-means that EM starts from, of "smote" and of the folds of "standardised" soft scoring.
    """

    kind: Literal["gmm"] = "gmm"
    n_components: int = 2
    covariance: Covariance = "full"
    score: GmmScore = "max_component"
    reg_covar: float = 1e-6
    tol: float = 1e-6
    max_iter: int = 100
    strict: bool = False
    soft_scoring: SoftScoringKind = "none"

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        super().__post_init__()
        check_integer("n_components", self.n_components, 1)
        check_number("reg_covar", self.reg_covar, above=0)
        check_number("tol", self.tol, above=0)
        check_integer("max_iter", self.max_iter, 1)

    @property
    def is_plain(self) -> bool:
        """True where a clip shapes nothing but the mixture itself: no synthetic clips."""
        return self.target_upsampling == "none"


class Gmm:
    """Anomaly score: how unlikely an embedding is under a mixture of Gaussians fitted to the normal clips.

    J. Guan et al., "Time-weighted Frequency Domain Audio Representation with GMM Estimator for Anomalous Sound
    Detection": EM from k-means (scikit-learn), one mixture of source and target clips together.
    """

    def __init__(self, config: GmmConfig) -> None:
        self.config = config
        self.notes_: list[str] = []
        self._real: NearestRows | None = None
        self._log_weights: NDArray[np.float64]  # (K,)
        self._means: NDArray[np.float64]  # (K, D)
        self._precisions_cholesky: NDArray[np.float64]  # (K, D, D), upper triangular, or (K, D) for diagonals

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Fit the mixture to normal clips, (N, D) and (N,).

        Raises:
            AsdError: fewer clips than components where nothing may be changed, a single clip, or EM failed.
        """
        rows, is_target = checked_normals(embeddings, domains)
        synthetic, notes = synthetic_targets(rows, is_target, self.config)
        self.fit_rows(rows, synthetic)
        self.notes_ = notes + self.notes_
        return self

    def fit_rows(self, rows: NDArray[np.float64], synthetic: NDArray[np.float64]) -> Self:
        """Fit to rows, (N, D), and to synthetic ones, (S, D), which are learnt from but are never `nearest`."""
        config, learnt = self.config, np.vstack([rows, synthetic])
        mixture, self.notes_ = _fitted_mixture(learnt, config)
        if not mixture.converged:
            self.notes_.append(f"EM had not converged after max_iter = {config.max_iter} steps")
        self._real = NearestRows(rows)
        self._log_weights = np.log(mixture.weights)
        self._means = mixture.means
        self._precisions_cholesky = mixture.precisions_cholesky
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """Minus a log-density in nats, (M, D) → (M,) float64; higher is more anomalous, and it may be negative."""
        queries = checked_embeddings(embeddings, self.rows.shape[1])
        return self._score(component_log_densities(queries, self._means, self._precisions_cholesky), self._log_weights)

    @property
    def leaves_one_out(self) -> bool:
        """True where `leave_one_out_scores` says more of this mixture than refitting it without a fifth of the clips.

        A component of n clips puts unseen clips of D dimensions at a squared distance of about D (1 + p / n), p the
        parameters per dimension, with standard deviation sqrt(2 D). A fifth fewer clips add D p / 4 n, which must be
        small beside it: with 480 dimensions, 2 strict components and 1,000 clips, the threshold at the quantile 0.9
        from 5 folds flags 1 % of unseen normals, that from `leave_one_out_scores` 12 %. Where clips are plenty, folds
        are better: overlapping components would change more than their moments.
        """
        (total, dim), n_components = self.rows.shape, len(self._means)
        per_dimension = dim if self.config.covariance == "full" else 3
        shift = (dim / 2) ** 0.5 * per_dimension * n_components / (4 * total)
        return self.config.is_plain and shift > _BEARABLE_SHIFT

    def leave_one_out_scores(self, recordings: Recordings | None = None) -> NDArray[np.float64]:
        """The score of each training clip under this mixture less its recording, (N,) float64.

        See `left_out_log_densities`: EM and shrinkage are not run again.

        Args:
            recordings: see `LeavingOneOut.leave_one_out_scores`.

        Raises:
            AsdError: a mixture with upsampling, which the clip left out has shaped.
        """
        rows = self.rows
        if not self.config.is_plain:
            raise AsdError("leave-one-out of an upsampled Gaussian mixture needs refitting: use unseen_scores")
        mixture = (self._log_weights, self._means, self._precisions_cholesky)
        if (recordings := several_rows(recordings, len(rows))) is not None:
            return self._score(*log_densities_without_recordings(rows, recordings, *mixture))
        return self._score(*left_out_log_densities(rows, *mixture))

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Detector.nearest`: Euclidean, among the training embeddings."""
        real = self._fitted()
        return real.search(checked_embeddings(embeddings, real.rows.shape[1]), k)

    @property
    def rows(self) -> NDArray[np.float64]:
        """The training clips, (N, D)."""
        return self._fitted().rows

    def state(self) -> State:
        """The mixture, and the training embeddings for `nearest`."""
        return {
            "rows": self.rows,
            "log_weights": self._log_weights,
            "means": self._means,
            "precisions_cholesky": self._precisions_cholesky,
            "notes": np.array(self.notes_, dtype=np.str_),
        }

    @classmethod
    def from_state(cls, config: GmmConfig, state: State) -> Self:
        """The fitted mixture that `state` describes: its scores are the same to the bit."""
        detector = cls(config)
        detector._real = NearestRows(state["rows"])
        detector._log_weights = state["log_weights"]
        detector._means = state["means"]
        detector._precisions_cholesky = state["precisions_cholesky"]
        detector.notes_ = [str(note) for note in state["notes"]]
        return detector

    def _score(self, log_densities: NDArray[np.float64], log_weights: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.config.score == "max_component":
            return np.asarray(-log_densities.max(axis=1))
        return np.asarray(-np.logaddexp.reduce(log_densities + log_weights, axis=1))

    def _fitted(self) -> NearestRows:
        if self._real is None:
            raise AsdError("this Gaussian mixture has not been fitted: call fit first")
        return self._real


def _fitted_mixture(rows: NDArray[np.float64], config: GmmConfig) -> tuple[Mixture, list[str]]:
    """The mixture after EM, and a note on each change that too few clips made necessary."""
    notes: list[str] = []
    n_components, ridge = config.n_components, config.reg_covar
    may_change = not config.strict and config.covariance == "full" and is_short_of_clips(rows, config.n_components)
    if may_change:
        n_components, notes = components_within_reach(len(rows), config.n_components)
    steps: dict[str, Any] = {"tol": config.tol, "max_iter": config.max_iter}
    try:
        if config.covariance == "diag":
            return fit_diagonal_covariances(rows, n_components, seed=config.seed, reg_covar=ridge, **steps), notes
        labels = cluster_labels(rows, n_components, config.seed)
        if may_change:
            ridge, shrunk = bearable_ridge(rows, labels, n_components, config.n_components, config.reg_covar)
            notes += shrunk
        return fit_full_covariances(rows, labels, n_components, reg_covar=ridge, **steps), notes
    except ValueError as error:
        raise AsdError(
            f"a Gaussian mixture of {n_components} components cannot be fitted to {len(rows)} normal clips of "
            f"{rows.shape[1]} dimensions: lower n_components, raise reg_covar, or use a memory bank"
        ) from error
