"""Scores of many memory banks over the same clips, from one search for neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.detectors.density import floored
from asd_core.detectors.memory_bank import MemoryBankConfig
from asd_core.detectors.nearest import NearestRows
from asd_core.detectors.protocol import Domains, Embeddings
from asd_core.detectors.upsampling import synthetic_targets
from asd_core.detectors.whitening import fit_whitening

Floats = NDArray[np.float64]


def bank_scores(
    configs: Sequence[MemoryBankConfig], normals: Embeddings, domains: Domains, queries: Embeddings
) -> list[Floats]:
    """Scores of `MemoryBank(config).fit(normals, domains).anomaly_score(queries)` for each configuration.

    The k nearest rows of the largest k hold those of every smaller k, so one search serves all k. The same holds for
    the local distances of every ``density_k``.

    Args:
        configs: alike in all but ``k``, ``density`` and ``density_k``, and without soft scoring.
        normals: (N, D).
        domains: (N,).
        queries: (M, D).

    Returns:
        (M,) float64 for each configuration.

    Raises:
        AsdError: see `MemoryBank.fit`.
    """
    first, most = configs[0], max(config.k for config in configs)
    most_local = max((config.density_k for config in configs if config.density != "none"), default=1)
    rows, is_target = checked_normals(normals, domains)
    synthetic, _ = synthetic_targets(rows, is_target, first)
    whitening = fit_whitening(rows, first.whitening)
    bank = NearestRows(np.vstack([whitening(rows), whitening(synthetic)]), first.metric)
    judged = whitening(checked_embeddings(queries, rows.shape[1]))
    nearest = cache(lambda: bank.search(judged, most))
    distinct, place = bank.distinct()
    neighbours = cache(lambda: distinct.search_others(most_local)[1])

    @cache
    def local(density_k: int) -> Floats:
        """See `asd_core.detectors.density.local_distances`."""
        return np.ones(len(bank)) if len(distinct) == 1 else floored(neighbours()[:, :density_k].mean(axis=1))[place]

    @cache
    def least_scaled(density_k: int) -> Floats:
        return bank.search_scaled(judged, most, local(density_k)[None])

    def scores(config: MemoryBankConfig) -> Floats:
        match config.density:
            case "none":
                return _mean_of_first(nearest()[1], config.k)
            case "nearest":
                indices, distances = (found[:, : config.k] for found in nearest())
                return np.asarray((distances / local(config.density_k)[indices]).mean(axis=1))
            case _:
                return _mean_of_first(least_scaled(config.density_k), config.k)

    return [scores(config) for config in configs]


def _mean_of_first(values: Floats, count: int) -> Floats:
    """Mean of the first columns, (M, K) → (M,); over all columns where there are fewer."""
    return np.asarray(values[:, :count].mean(axis=1))
