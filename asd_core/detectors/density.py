"""Local density of a memory bank: how far apart its own rows lie.

K. Wilkinghoff et al., "Keeping the Balance: Anomaly Score Calculation for Domain Generalization": each distance
d(x, r) is divided by rho(r), the mean distance of the reference r to its own K nearest other references.

A row that is stored several times counts once. Copies lie at distance 0 of each other whatever the sound around them:
with more than K of them rho would be 0, and every score near them without bound.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.nearest import NearestRows

_FLOOR = 0.01  # of the median; on real features the least rho is 0.2 of it, so only duplicates are touched
_BLOCK_VALUES = 1 << 22


def local_distances(bank: NearestRows, density_k: int) -> NDArray[np.float64]:
    """The rho of each row, (N,) > 0: mean distance to its density_k nearest other rows (all, where there are fewer).

    Copies of a row are no other rows. A row without others has 1.
    """
    distinct, place = bank.distinct()
    if len(distinct) == 1:
        return np.ones(len(bank))
    return floored(distinct.search_others(density_k)[1].mean(axis=1))[place]


def floored(rho: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raise rho to at least 1 % of the median of its positive values; all ones where none is positive.

    Near copies say nothing about how dense their surroundings are. The floor keeps their distances finite and
    comparable with those of the other rows.
    """
    positive = rho[rho > 0]
    if len(positive) == 0:
        return np.ones_like(rho)
    return np.maximum(rho, max(_FLOOR * float(np.median(positive)), sys.float_info.min))


def local_distances_without_each(
    bank: NearestRows, density_k: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The rho of every row of a bank from which row i is taken, for each i, in blocks of i.

    Yields:
        The block's i, (B,), and the rho of every row, (B, N), where the value of row i itself is 1 and of no use.
    """
    distinct, place = bank.distinct()
    if len(distinct) == len(bank):
        yield from _without_each(bank, density_k)
        return
    whole, copies = local_distances(bank, density_k), np.bincount(place)
    if len(distinct) == 1:
        yield np.arange(len(bank)), np.ones((len(bank), len(bank)))
        return
    for removed, rho in _without_each(distinct, density_k):
        rows = np.flatnonzero((place >= removed[0]) & (place <= removed[-1]))
        values = rho[place[rows] - removed[0]][:, place]
        values[copies[place[rows]] > 1] = whole  # its copies stay
        values[np.arange(len(rows)), rows] = 1.0
        yield rows, values


def _without_each(bank: NearestRows, density_k: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """As `local_distances_without_each`, of a bank without copies.

    Exact, from one search: a row that had i among its K nearest gets its (K + 1)-th instead.
    """
    total = len(bank)
    k = min(density_k, total - 2)
    neighbours, distances = bank.search_others(k + 1)
    whole = distances[:, :k].mean(axis=1) if k else np.zeros(total)
    replaced = np.stack([np.delete(distances, j, axis=1).mean(axis=1) for j in range(k)], axis=1) if k else None
    step = max(1, _BLOCK_VALUES // total)
    for start in range(0, total, step):
        removed = np.arange(start, min(start + step, total))
        rho = np.tile(whole, (len(removed), 1))
        if replaced is not None:
            row, rank = np.nonzero(np.isin(neighbours[:, :k], removed))
            rho[neighbours[row, rank] - start, row] = replaced[row, rank]
        for own, values in zip(removed, rho, strict=True):
            others = np.arange(total) != own
            values[others] = floored(values[others])
            values[own] = 1.0
        yield removed, rho


def local_distances_without_recordings(
    bank: NearestRows, density_k: int, recordings: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64]]]:
    """The rho of every row of a bank from which the rows of one recording are taken, for each recording.

    Exact, from one search: a row that had rows of the recording among its K nearest gets the next ones instead.

    Yields:
        The recording's rows, (B,), and the rho of every row, (N,), where the values of those rows are 1 and of no use.
    """
    distinct, place = bank.distinct()
    copies, total = np.bincount(place), len(distinct)
    members = [np.flatnonzero(recordings == recording) for recording in np.unique(recordings)]
    # A row is gone where none of its copies is in another recording.
    gone = [np.bincount(place[own], minlength=total) == copies for own in members]
    neighbours, distances = distinct.search_others(density_k + max(int(lost.sum()) for lost in gone))
    for own, lost in zip(members, gone, strict=True):
        left = int(total - lost.sum())
        rho = np.ones(total)
        if left > 1:
            k = min(density_k, left - 1)
            rho = distances[:, :k].mean(axis=1)
            is_hit = lost[neighbours[:, :k]].any(axis=1) & ~lost
            kept = ~lost[neighbours[is_hit]]
            first = kept & (np.cumsum(kept, axis=1) <= k)
            rho[is_hit] = distances[is_hit][first].reshape(-1, k).mean(axis=1)
            rho[~lost] = floored(rho[~lost])
        values = rho[place]
        values[own] = 1.0
        yield own, values
