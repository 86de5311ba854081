"""Gaussian clusters of points, as many as the Bayesian information criterion (BIC) asks for.

T. Fujimura et al., anomalous sound detection without labels, section III-B2: mixtures with full covariances; the number
of components is the one with the least BIC. EM, its start and its rule for stopping are scikit-learn's defaults.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.em import Mixture, fit_full_covariances
from asd_core.detectors.first_clusters import cluster_labels
from asd_core.detectors.gaussians import component_log_densities

Floats = NDArray[np.float64]
BicRule = Literal["fitted", "held-out"]

_RIDGE, _TOLERANCE, _STEPS = 1e-6, 1e-3, 100
_FOLDS = 5


@dataclass(frozen=True)
class Clusters:
    """Points in clusters.

    Attributes:
        labels: (N,) in [0, K).
        criteria: the BIC of 1, 2, ... clusters, least is best; NaN where so many cannot be fitted.
    """

    labels: NDArray[np.int64]
    criteria: tuple[float, ...]

    @property
    def count(self) -> int:
        """K, the number of Gaussians; a Gaussian may be nearest to no point."""
        return int(np.nanargmin(self.criteria)) + 1


def clusters_of(points: Floats, most: int, rule: BicRule = "fitted", seed: int = 0) -> Clusters:
    """Cluster points by the mixture with the least BIC.

    Args:
        points: (N, D), at least one.
        most: of clusters.
        rule: "fitted": BIC on the points fitted to, as its textbook definition and the paper have it. "held-out": the
            mean over five folds, cut in the order of the points, of the BIC on the fold of a mixture that is fitted to
            the other folds; the paper's published code does this.
        seed: of the k-means that EM starts from.
    """
    distinct = len(np.unique(points, axis=0))
    criteria = [_criterion(points, count, rule, seed) if count <= distinct else math.nan for count in _counts(most)]
    if np.isnan(criteria).all():  # a single point has no fold to be judged on
        criteria[0] = 0.0
    count = int(np.nanargmin(criteria)) + 1
    joint = _joint(points, _fitted(points, count, seed))
    return Clusters(np.asarray(joint.argmax(axis=1), np.int64), tuple(criteria))


def bic(points: Floats, mixture: Mixture) -> float:
    """The criterion of a mixture of K Gaussians on points (N, D): −2 log L + p log N.

    The parameters p are K − 1 weights, K D means and K D (D + 1) / 2 covariances.
    """
    count, dim = mixture.means.shape
    parameters = count - 1 + count * dim + count * dim * (dim + 1) // 2
    likelihood = float(np.logaddexp.reduce(_joint(points, mixture), axis=1).sum())
    return -2 * likelihood + parameters * math.log(len(points))


def _counts(most: int) -> range:
    return range(1, most + 1)


def _criterion(points: Floats, count: int, rule: BicRule, seed: int) -> float:
    """The BIC of so many clusters; NaN where a fold has too few points for them."""
    if rule == "fitted":
        return bic(points, _fitted(points, count, seed))
    found = []
    for fold in np.array_split(np.arange(len(points)), min(_FOLDS, len(points))):
        others = np.delete(points, fold, axis=0)
        if len(np.unique(others, axis=0)) < count:
            return math.nan
        found.append(bic(points[fold], _fitted(others, count, seed)))
    return float(np.mean(found))


def _fitted(points: Floats, count: int, seed: int) -> Mixture:
    labels = cluster_labels(points, count, seed)
    return fit_full_covariances(points, labels, count, reg_covar=_RIDGE, tol=_TOLERANCE, max_iter=_STEPS)


def _joint(points: Floats, mixture: Mixture) -> Floats:
    """Log of weight times density, (N, K)."""
    joint = component_log_densities(points, mixture.means, mixture.precisions_cholesky) + np.log(mixture.weights)
    return np.asarray(joint)
