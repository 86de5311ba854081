"""K-means: source normals as a few centroids, target normals as they are."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.nearest import Metric, NearestRows, unit_rows
from asd_core.detectors.protocol import Domains, Embeddings, State
from asd_core.detectors.whitening import Whitening, WhiteningKind, fit_whitening
from asd_core.errors import AsdError
from asd_core.settings import check_choices, check_integer


@dataclass(frozen=True)
class KMeansConfig:
    """The settings of the k-means detector.

    Attributes:
        kind: names this detector in a recipe.
        n_clusters: centroids of the source clips.
        metric: "cosine" clusters and compares on the unit sphere, 1 − x·c; "euclidean" is the true distance.
        renormalise_centroids: whether centroids are put back on the unit sphere, for "cosine".
        seed: of the initial centroids.
        whitening: "half" or "full": directions in which normal clips vary much count less, see `fit_whitening`.
    """

    kind: Literal["kmeans"] = "kmeans"
    n_clusters: int = 16
    metric: Metric = "cosine"
    renormalise_centroids: bool = False
    seed: int = 0
    whitening: WhiteningKind = "none"

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        check_choices(self)
        check_integer("n_clusters", self.n_clusters, 1)
        check_integer("seed", self.seed, 0)


class KMeans:
    """Anomaly score: the least distance to the centroids of the source clips and to the target clips.

    T. Fujimura et al., anomalous sound detection with pseudo-labels: 16 centroids of the L2-normalised source
    embeddings, not normalised again, beside the few target embeddings; `renormalise_centroids` is ASDKit's way.
    """

    def __init__(self, config: KMeansConfig) -> None:
        self.config = config
        self.notes_: list[str] = []
        self._whitening: Whitening | None = None
        self._prototypes: NDArray[np.float64]  # centroids, then target clips, as they are compared with
        self._real: NearestRows

    def fit(self, embeddings: Embeddings, domains: Domains) -> Self:
        """Cluster the source clips and keep the target clips, (N, D) and (N,).

        With fewer source clips than clusters there are as many clusters as clips, with a note.

        Raises:
            AsdError: no clips, or embeddings that are not finite.
        """
        rows, is_target = checked_normals(embeddings, domains)
        self.notes_ = []
        self._real = NearestRows(rows)
        self._whitening = fit_whitening(rows, self.config.whitening)
        points = self._place(self._whitening(rows))
        self._prototypes = np.vstack([self._centroids(points[~is_target]), points[is_target]])
        return self

    def anomaly_score(self, embeddings: Embeddings) -> NDArray[np.float64]:
        """Least distance to a centroid or target clip, (M, D) → (M,) float64 ≥ 0; higher is more anomalous."""
        whitening = self._fitted()
        points = self._place(whitening(checked_embeddings(embeddings, self._real.rows.shape[1])))
        if self.config.metric == "euclidean":
            from scipy.spatial.distance import cdist

            return np.asarray(cdist(points, self._prototypes).min(axis=1))
        return np.asarray(np.maximum(1 - (points @ self._prototypes.T).max(axis=1), 0.0))

    def nearest(self, embeddings: Embeddings, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """See `Detector.nearest`: Euclidean, among the training embeddings as they were given."""
        self._fitted()
        return self._real.search(checked_embeddings(embeddings, self._real.rows.shape[1]), k)

    def state(self) -> State:
        """The whitening, the prototypes, and the training embeddings for `nearest`."""
        return {
            **self._fitted().state(),
            "prototypes": self._prototypes,
            "rows": self._real.rows,
            "notes": np.array(self.notes_, dtype=np.str_),
        }

    @classmethod
    def from_state(cls, config: KMeansConfig, state: State) -> Self:
        """The fitted detector that `state` describes: its scores are the same to the bit."""
        detector = cls(config)
        detector._whitening = Whitening.from_state(state)
        detector._prototypes = state["prototypes"]
        detector._real = NearestRows(state["rows"])
        detector.notes_ = [str(note) for note in state["notes"]]
        return detector

    def _centroids(self, sources: NDArray[np.float64]) -> NDArray[np.float64]:
        wanted = min(self.config.n_clusters, len(sources))
        if wanted < self.config.n_clusters:
            self.notes_.append(
                f"n_clusters = {self.config.n_clusters} but {len(sources)} source clips: {wanted} clusters"
            )
        if wanted == 0:
            return sources
        from sklearn.cluster import KMeans as ScikitKMeans
        from sklearn.exceptions import ConvergenceWarning

        # Limited here too: scikit-learn may be loaded just now, and its threads add clips up in an order of their own.
        with warnings.catch_warnings(), threadpool_limits(1):
            warnings.simplefilter("ignore", ConvergenceWarning)  # said in a note instead
            fitted = ScikitKMeans(wanted, n_init=10, random_state=self.config.seed).fit(sources)
        distinct = len(np.unique(fitted.labels_))
        if distinct < wanted:
            self.notes_.append(
                f"{wanted} clusters but only {distinct} different source clips: the other centroids repeat"
            )
        centroids: NDArray[np.float64] = fitted.cluster_centers_
        if self.config.metric == "cosine" and self.config.renormalise_centroids:
            return unit_rows(centroids)[:, :-1]
        return centroids

    def _place(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return unit_rows(rows) if self.config.metric == "cosine" else rows

    def _fitted(self) -> Whitening:
        if self._whitening is None:
            raise AsdError("this k-means detector has no centroids yet: call fit first")
        return self._whitening
