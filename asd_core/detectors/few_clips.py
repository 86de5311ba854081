"""Full covariances of few clips: fewer components and shrinkage, each with a note."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors import ledoit_wolf
from asd_core.errors import AsdError

# Where a full covariance is fitted as asked, shrunk, or shrunk with fewer components. Chosen by the log-likelihood
# of held-out normals (75 TWFR clips of 128 dimensions; modulation features of 16, 128 and 480 dimensions):
# - unshrunk overtakes shrunk at 3 (128 dimensions) to 12 (16 dimensions) clips per dimension and component; with
#   fewer than 2 it may be worse by up to 10^8 nats;
# - two shrunk components overtake one at 16 to 75 clips per component, and lose up to 60 nats at 5;
# - of 5 clips or fewer Ledoit-Wolf asks too little shrinkage (none at all of 2): by half is better by 50 to 10^8 nats;
# - one component so shrunk beats a diagonal one at every count from 3 clips up, so there is no diagonal stage.
_CLIPS_PER_DIMENSION = 2
_CLIPS_PER_COMPONENT = 50
_CLIPS_FOR_LEDOIT_WOLF = 6
_MOST_SHRINKAGE = 0.99  # Ledoit-Wolf may ask for all of it, which no finite ridge gives


def is_short_of_clips(rows: NDArray[np.float64], n_components: int) -> bool:
    """True where clips (N, D) are too few to fit so many full covariances unshrunk."""
    total, dim = rows.shape
    return total < _CLIPS_PER_DIMENSION * dim * n_components


def components_within_reach(total: int, wanted: int) -> tuple[int, list[str]]:
    """How many of the components wanted so many clips can bear, and a note where that is fewer.

    Raises:
        AsdError: a single clip.
    """
    if total < 2:
        raise AsdError("1 normal clip has no spread: give the machine at least 2, or use a memory bank")
    n_components = max(1, min(wanted, total // _CLIPS_PER_COMPONENT))
    if n_components == wanted:
        return wanted, []
    note = (
        f"{total} normal clips for n_components = {wanted}: fitted {n_components}, "
        f"{_CLIPS_PER_COMPONENT * wanted} clips are needed for {wanted}"
    )
    return n_components, [note]


def bearable_ridge(
    rows: NDArray[np.float64], labels: NDArray[np.int64], n_components: int, wanted: int, reg_covar: float
) -> tuple[float, list[str]]:
    """The number to add to the diagonals of covariances so that these clips can bear them, and a note.

    Args:
        rows: (N, D), too few clips for ``wanted`` components.
        labels: (N,) of their k-means clusters.
        n_components: fitted.
        wanted: asked for.
        reg_covar: least such number.
    """
    shrinkage, ridge = _ledoit_wolf_ridge(rows, labels)
    if ridge <= reg_covar:
        return reg_covar, []
    total, dim = rows.shape
    note = (
        f"{total} normal clips for {n_components} full covariance{'s' if n_components > 1 else ''} of {dim} "
        f"dimensions: shrunk by {shrinkage:.3g} (Ledoit-Wolf), {_CLIPS_PER_DIMENSION * dim * wanted} clips "
        f"are needed to fit {wanted} without"
    )
    return ridge, [note]


def _ledoit_wolf_ridge(rows: NDArray[np.float64], labels: NDArray[np.int64]) -> tuple[float, float]:
    """The shrinkage a that Ledoit and Wolf (2004) ask for, and the ridge that has its effect.

    (1 − a) S + a mu I is proportional to S + a / (1 − a) mu I, and no score's order depends on the factor. a and mu
    (the mean variance) are of the clips about the mean of their own k-means cluster.
    """
    residuals = np.empty_like(rows)
    for cluster in np.unique(labels):
        own = labels == cluster
        residuals[own] = rows[own] - rows[own].mean(axis=0)
    least = 0.5 if len(rows) < _CLIPS_FOR_LEDOIT_WOLF else 0.0
    shrinkage = float(np.clip(ledoit_wolf.shrinkage(residuals), least, _MOST_SHRINKAGE))
    return shrinkage, shrinkage / (1 - shrinkage) * float(np.mean(residuals**2))
