"""Log-densities of Gaussian mixtures, also as they would be without one of the clips they were fitted to."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

GONE = 1e-6
"""Clips' worth of weight below which a component does not outlive its clip."""


def component_log_densities(
    queries: NDArray[np.float64], means: NDArray[np.float64], precisions_cholesky: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The log-density of each row under each Gaussian, without weights, (M, D) → (M, K) float64.

    Args:
        queries: (M, D).
        means: (K, D).
        precisions_cholesky: (K, D, D), upper triangular P with P Pᵀ the inverse covariance, or (K, D) its diagonal.
    """
    found = np.empty((len(queries), len(means)))
    for component, (mean, factor) in enumerate(zip(means, precisions_cholesky, strict=True)):
        half_log_precision = np.log(np.diag(factor) if factor.ndim == 2 else factor).sum()
        found[:, component] = half_log_precision - 0.5 * (whitened(queries, mean, factor) ** 2).sum(axis=1)
    return found - 0.5 * queries.shape[1] * math.log(2 * math.pi)


def left_out_log_densities(
    rows: NDArray[np.float64],
    log_weights: NDArray[np.float64],
    means: NDArray[np.float64],
    precisions_cholesky: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `component_log_densities` of the clips fitted to, (N, D) → (N, K), each under the mixture less that clip.

    The mean and covariance of a component lose the clip, weighted by its responsibility r, while the other clips keep
    theirs: no EM is run again. With n the component's weight in clips, d = x − mean and b = r / (n − r),

        mean' = mean − b d        covariance' = n / (n − r) · (covariance − b d dᵀ)

    so that the inverse is a rank-one update (Sherman and Morrison). A ridge in the covariance is scaled along.

    Returns:
        Log-densities (N, K), −inf where the component consists of that clip alone, and log-weights (N, K).
    """
    joint = component_log_densities(rows, means, precisions_cholesky) + log_weights
    responsibilities = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
    weights = responsibilities.sum(axis=0)
    remaining = weights - responsibilities
    is_gone = remaining < GONE
    remaining = np.where(is_gone, 1.0, remaining)
    growth, lost = weights / remaining, responsibilities / remaining  # n / (n − r) and b
    found = np.empty_like(joint)
    for k, (mean, factor) in enumerate(zip(means, precisions_cholesky, strict=True)):
        squares = whitened(rows, mean, factor) ** 2
        if factor.ndim == 2:
            distance = squares.sum(axis=1)
            kept = 1 - lost[:, k] * distance
            log_determinant = -2 * np.log(np.diag(factor)).sum() + np.log(np.maximum(kept, np.finfo(np.float64).tiny))
            distance = distance / np.maximum(kept, np.finfo(np.float64).eps)
        else:
            kept = np.maximum(1 - lost[:, k, None] * squares, np.finfo(np.float64).eps)
            log_determinant = -2 * np.log(factor).sum() + np.log(kept).sum(axis=1)
            distance = (squares / kept).sum(axis=1)
        log_determinant += rows.shape[1] * np.log(growth[:, k])
        found[:, k] = -0.5 * (rows.shape[1] * math.log(2 * math.pi) + log_determinant + growth[:, k] * distance)
    log_left_weights = np.where(is_gone, -np.inf, np.log(remaining) - math.log(max(len(rows) - 1, 1)))
    return np.where(is_gone, -np.inf, found), log_left_weights


def whitened(rows: NDArray[np.float64], mean: NDArray[np.float64], factor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows less the mean, in coordinates in which the covariance of the Gaussian is the identity, (N, D) → (N, D)."""
    return np.asarray((rows - mean) @ factor if factor.ndim == 2 else (rows - mean) * factor)
