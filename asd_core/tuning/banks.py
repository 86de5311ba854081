"""Scores of many memory banks over the same clips, from one search for neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

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
    """What `MemoryBank(config).fit(normals, domains).anomaly_score(queries)` gives for each configuration.

    The k nearest of the largest k hold those of every smaller one, so that all k are cumulative means over one search;
    likewise the local distances of every ``density_k``.

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
    first = configs[0]
    rows, is_target = checked_normals(normals, domains)
    synthetic, _ = synthetic_targets(rows, is_target, first)
    whitening = fit_whitening(rows, first.whitening)
    bank = NearestRows(np.vstack([whitening(rows), whitening(synthetic)]), first.metric)
    shared = _Shared(bank, whitening(checked_embeddings(queries, rows.shape[1])), configs)
    return [shared.scores(config) for config in configs]


class _Shared:
    """One bank, its queries and what was searched for already."""

    def __init__(self, bank: NearestRows, queries: Floats, configs: Sequence[MemoryBankConfig]) -> None:
        self._bank, self._queries = bank, queries
        self._most = max(config.k for config in configs)
        self._most_local = max((config.density_k for config in configs if config.density != "none"), default=1)
        self._local: dict[int, Floats] = {}
        self._least: dict[int, Floats] = {}

    def scores(self, config: MemoryBankConfig) -> Floats:
        """(M,)."""
        match config.density:
            case "none":
                return _mean_of_first(self._nearest[1], config.k)
            case "nearest":
                indices, distances = (found[:, : config.k] for found in self._nearest)
                return np.asarray((distances / self._local_distances(config.density_k)[indices]).mean(axis=1))
            case _:
                return _mean_of_first(self._least_scaled(config.density_k), config.k)

    @cached_property
    def _nearest(self) -> tuple[NDArray[np.int64], Floats]:
        return self._bank.search(self._queries, self._most)

    @cached_property
    def _others(self) -> Floats:
        """Distances of every row to its nearest others, ascending."""
        return self._bank.search_others(self._most_local)[1]

    def _local_distances(self, density_k: int) -> Floats:
        """See `asd_core.detectors.density.local_distances`."""
        if density_k not in self._local:
            alone = len(self._bank) == 1
            means = np.ones(1) if alone else floored(self._others[:, :density_k].mean(axis=1))
            self._local[density_k] = means
        return self._local[density_k]

    def _least_scaled(self, density_k: int) -> Floats:
        if density_k not in self._least:
            local = self._local_distances(density_k)
            self._least[density_k] = self._bank.search_scaled(self._queries, self._most, local[None])
        return self._least[density_k]


def _mean_of_first(values: Floats, count: int) -> Floats:
    """(M, K) → (M,), over all where there are fewer."""
    return np.asarray(values[:, :count].mean(axis=1))
