"""Log-densities of Gaussian mixtures as they would be without one of the recordings they were fitted to."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.gaussians import GONE, component_log_densities, whitened
from asd_core.detectors.protocol import Recordings

_EPS = float(np.finfo(np.float64).eps)


def log_densities_without_recordings(
    rows: NDArray[np.float64],
    recordings: Recordings,
    log_weights: NDArray[np.float64],
    means: NDArray[np.float64],
    precisions_cholesky: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """As `left_out_log_densities`, each row under the mixture less all rows of its recording.

    Let a component have weight n in clips, mean m and covariance C, and let y be rows less m in coordinates in which C
    is the identity. Without rows y_j of responsibilities r_j, and with n' = n − Σ r_j, it has in these coordinates

        mean' = −Σ r_j y_j / n'        covariance' = n / n' · (I − A Aᵀ)

    where the columns of A are sqrt(r_j / n) y_j and sqrt(n' / n) mean'. The singular values of A give its inverse.

    Args:
        rows: (N, D), that the mixture was fitted to.
        recordings: (N,) of the rows.
        log_weights: (K,).
        means: (K, D).
        precisions_cholesky: (K, D, D) or (K, D), see `component_log_densities`.

    Returns:
        Log-densities (N, K), −inf where nothing is left of the component, and log-weights (N, K).
    """
    joint = component_log_densities(rows, means, precisions_cholesky) + log_weights
    responsibilities = np.exp(joint - np.logaddexp.reduce(joint, axis=1)[:, None])
    total = responsibilities.sum(axis=0)
    found, log_left_weights = np.full_like(joint, -np.inf), np.full_like(joint, -np.inf)
    members = [np.flatnonzero(recordings == recording) for recording in np.unique(recordings)]
    for k, (mean, factor) in enumerate(zip(means, precisions_cholesky, strict=True)):
        placed = whitened(rows, mean, factor)
        log_precision = np.log(np.diag(factor) if factor.ndim == 2 else factor).sum()
        for own in members:
            lost = responsibilities[own, k]
            if (left := total[k] - lost.sum()) < GONE:
                continue
            densities = _densities_without(placed[own], lost, left, is_full=factor.ndim == 2)
            found[own, k] = densities + log_precision
            log_left_weights[own, k] = math.log(left) - math.log(max(len(rows) - len(own), 1))
    return found, log_left_weights


def _densities_without(
    rows: NDArray[np.float64], lost: NDArray[np.float64], left: float, *, is_full: bool
) -> NDArray[np.float64]:
    """Log-densities of rows (B, D) under the unit Gaussian less these rows, responsibilities (B,), weight ``left``."""
    whole = left + lost.sum()
    mean = -(lost @ rows) / left
    moved = rows - mean
    if is_full:
        columns = np.vstack([np.sqrt(lost / whole)[:, None] * rows, math.sqrt(left / whole) * mean])
        _, singular, directions = np.linalg.svd(columns, full_matrices=False)
        kept = np.maximum(1 - singular**2, _EPS)
        along = (moved @ directions.T) ** 2
        squares = (moved**2).sum(axis=1) + (along * (1 / kept - 1)).sum(axis=1)
    else:
        kept = np.maximum(1 - (lost @ rows**2 + left * mean**2) / whole, _EPS)
        squares = (moved**2 / kept).sum(axis=1)
    growth = whole / left
    log_determinant = np.log(kept).sum() + rows.shape[1] * math.log(growth)
    return np.asarray(-0.5 * (rows.shape[1] * math.log(2 * math.pi) + log_determinant + squares / growth))
