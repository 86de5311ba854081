"""Two coordinates for each embedding, by UMAP (McInnes et al. 2018) with its defaults."""

from __future__ import annotations

import warnings
from contextlib import suppress
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

NEIGHBOURS = 15
LEAST_DISTANCE = 0.1
_FEWEST = 6  # clips that UMAP's own start can place

Floats = NDArray[np.float64]


def projected(embeddings: NDArray[np.float32], is_fitted_on: NDArray[np.bool_], seed: int = 0) -> tuple[Floats, str]:
    """Project embeddings to two dimensions.

    Args:
        embeddings: (N, D), finite.
        is_fitted_on: (N,), the embeddings that shape the map; the others are placed in it afterwards.
        seed: of the map.

    Returns:
        (N, 2), and a note where there are too few clips for the defaults, else "".
    """
    fitted = embeddings[is_fitted_on]
    if len(fitted) < _FEWEST:
        points, note = _on_principal_components(embeddings, fitted), f"{len(fitted)} clips are too few for UMAP"
        return points, f"{note}: coordinates are the first two principal components"
    neighbours = min(NEIGHBOURS, len(fitted) - 1)
    note = "" if neighbours == NEIGHBOURS else f"n_neighbors = {neighbours} in UMAP, for {len(fitted)} clips"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numba, TensorFlow and spectral starts warn of what no user can change
        from umap import UMAP, layouts, umap_, utils

        keep_compiled(layouts, umap_, utils)
        chart = UMAP(n_neighbors=neighbours, n_components=2, min_dist=LEAST_DISTANCE, random_state=seed, n_jobs=1).fit(
            fitted
        )
        points = np.empty((len(embeddings), 2))
        points[is_fitted_on] = chart.embedding_
        if not is_fitted_on.all():
            points[~is_fitted_on] = chart.transform(embeddings[~is_fitted_on])
    return points, note


def keep_compiled(*modules: ModuleType) -> None:
    """Let numba keep what it compiles of modules in its cache, so that later processes need not compile it again.

    UMAP's first map takes ten seconds where it is compiled, and a tenth of one where it was. Where numba finds no
    folder that it may write, nothing is kept.
    """
    from numba.core.dispatcher import Dispatcher

    for module in modules:
        for function in vars(module).values():
            if isinstance(function, Dispatcher):
                with suppress(RuntimeError):
                    function.enable_caching()


def _on_principal_components(embeddings: NDArray[np.float32], fitted: NDArray[np.float32]) -> Floats:
    """Coordinates along the directions in which the fitted embeddings vary most; 0 where there are fewer than two."""
    centre = fitted.mean(axis=0, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(fitted - centre, full_matrices=False)
    directions = directions[:2] * (sizes[:2, None] > 1e-9)
    points = np.zeros((len(embeddings), 2))
    points[:, : len(directions)] = (embeddings - centre) @ directions.T
    return points
