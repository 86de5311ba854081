"""The shrinkage of a covariance by Ledoit and Wolf (2004), equal to scikit-learn's to the bit.

Importing scikit-learn takes half a second, more than fitting a machine of a thousand clips.

O. Ledoit and M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", 2004: the place of the
covariance S is taken by (1 - a) S + a mu I, where mu is the mean variance and a = min(b, d) / d for b the squared error
of S and d its squared distance from mu I.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_COLUMNS = 1000  # of the products that are held at once; other blocks would sum in another order


def shrinkage(centred: Floats) -> float:
    """The shrinkage a in [0, 1] of rows (N, D) whose means are 0."""
    total, dim = centred.shape
    if dim == 1:
        return 0.0
    squares = centred**2
    variances = np.sum(squares, axis=0) / total
    mu = np.sum(variances) / dim
    of_squares, of_products = 0.0, 0.0
    blocks = [slice(start, start + _COLUMNS) for start in range(0, dim, _COLUMNS)]
    for rows in blocks:
        for columns in blocks:
            of_squares += np.sum(np.dot(squares.T[rows], squares[:, columns]))
            of_products += np.sum(np.dot(centred.T[rows], centred[:, columns]) ** 2)
    of_products /= total**2
    error = 1.0 / (dim * total) * (of_squares / total - of_products)
    distance = (of_products - 2.0 * mu * variances.sum() + dim * mu**2) / dim
    error = min(error, distance)
    return 0.0 if error == 0 else float(error / distance)


def shrunk_covariance(centred: Floats) -> Floats:
    """The shrunk covariance (D, D) of rows (N, D) whose means are 0."""
    total, dim = centred.shape
    if dim == 1:
        return np.full((1, 1), (centred**2).mean())
    share = shrinkage(centred)
    covariance = np.dot(centred.T, centred) / total
    mu = np.sum(np.trace(covariance)) / dim
    shrunk = (1.0 - share) * covariance
    shrunk.flat[:: dim + 1] += share * mu
    return np.asarray(shrunk)
