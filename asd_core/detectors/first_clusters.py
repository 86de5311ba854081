"""The k-means clusters that a Gaussian mixture starts from: those of scikit-learn's `KMeans` for the same seed.

Importing scikit-learn takes half a second, more than fitting a machine of a thousand clips.

D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding", 2007, with several candidates for each
centre of which the best is kept; then Lloyd's steps.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_STEPS = 300
_TOLERANCE = 1e-4  # of the mean variance: a smaller move of all centres together ends the steps


def cluster_labels(rows: Floats, count: int, seed: int) -> NDArray[np.int64]:
    """Which cluster each row is in, (N,) in [0, count).

    Args:
        rows: (N, D).
        count: of clusters, K.
        seed: of the first centres.

    Raises:
        ValueError: fewer rows than clusters.
    """
    if len(rows) < count:
        raise ValueError(f"{len(rows)} rows cannot be {count} clusters")
    if count == 1:
        return np.zeros(len(rows), np.int64)
    tolerance = np.mean(np.var(rows, axis=0)) * _TOLERANCE
    centred = np.ascontiguousarray(rows - rows.mean(axis=0))
    centres = _first_centres(centred, count, np.random.RandomState(seed))
    before = np.full(len(rows), -1)
    for _ in range(_STEPS):
        labels = _nearest(centred, centres)
        moved = _moved(centred, labels, centres)
        shifts = np.sqrt(np.sum((moved - centres) ** 2, axis=1))
        centres = moved
        if np.array_equal(labels, before):
            return labels
        if np.sum(shifts**2) <= tolerance:
            break
        before = labels
    return _nearest(centred, centres)


def _first_centres(rows: Floats, count: int, random: np.random.RandomState) -> Floats:
    """Rows far from one another, (K, D): each the best of a few drawn by their squared distance from those before."""
    candidates = 2 + int(np.log(count))
    squares = np.einsum("ij,ij->i", rows, rows)
    weights = np.ones(len(rows))
    chosen = [int(random.choice(len(rows), p=weights / weights.sum()))]
    closest = _squared_distances(rows, squares, chosen)
    potential = closest @ weights
    for _ in range(1, count):
        drawn = np.searchsorted(np.cumsum(closest), random.uniform(size=candidates) * potential)
        drawn = np.minimum(drawn, len(rows) - 1)
        distances = np.minimum(closest, _squared_distances(rows, squares, drawn))
        potentials = distances @ weights[:, None]
        best = int(np.argmin(potentials))
        potential, closest = potentials[best], distances[best]
        chosen.append(int(drawn[best]))
    return rows[chosen]


def _squared_distances(rows: Floats, squares: Floats, chosen: list[int] | NDArray[np.int64]) -> Floats:
    """Squared distances (C, N) of some rows from all."""
    some = rows[chosen]
    distances = -2 * (some @ rows.T)
    distances += np.einsum("ij,ij->i", some, some)[:, None]
    distances += squares
    return np.maximum(distances, 0)


def _nearest(rows: Floats, centres: Floats) -> NDArray[np.int64]:
    """The nearest centre of each row, the first of equal ones, (N,)."""
    squares = np.einsum("ij,ij->i", centres, centres)
    return np.asarray(np.argmin(squares - 2 * (rows @ centres.T), axis=1), np.int64)


def _moved(rows: Floats, labels: NDArray[np.int64], centres: Floats) -> Floats:
    """The means of the clusters (K, D); a cluster without rows takes the row that is farthest from its own centre."""
    counts = np.bincount(labels, minlength=len(centres)).astype(np.float64)
    sums = np.stack([rows[labels == k].sum(axis=0) for k in range(len(centres))])
    if len(empty := np.flatnonzero(counts == 0)):
        distances = np.sum((rows - centres[labels]) ** 2, axis=1)
        if np.max(distances) > 0:
            farthest = np.argpartition(distances, -len(empty))[: -len(empty) - 1 : -1]
            for cluster, row in zip(empty, farthest, strict=True):
                sums[labels[row]] -= rows[row]
                sums[cluster] = rows[row]
                counts[labels[row]] -= 1
                counts[cluster] = 1
    means = sums / np.maximum(counts, 1)[:, None]
    means[counts == 0] = means[np.argmax(counts)]
    return np.asarray(means)
