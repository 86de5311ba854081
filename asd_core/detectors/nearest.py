"""Exact nearest neighbours among the rows of one matrix.

faiss finds candidates in float32, on a GPU or a CPU; a matrix product finds them in float64 where distances are divided
by each row's own number, which needs them all. Both go through ‖x‖² + ‖r‖² − 2x·r, which loses small distances to
cancellation. So candidates are only candidates: their distances are computed again from differences in float64, and
the k best are taken as exact where the error bound of the fast search proves that no other row can be nearer. The few
queries for which it cannot (many duplicates, huge outliers) are compared with every row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.faiss_index import MOST_NEIGHBOURS, flat_index

Metric = Literal["euclidean", "cosine"]

_SPARE = 8  # candidates beyond k: enough that the bound nearly always proves the k nearest
_FARTHEST = 1e6  # norm of a query, in units of the largest of a row, beyond which float32 is not asked
_BLOCK_VALUES = 1 << 22  # float64 values of one block of distances: 32 MiB


def unit_rows(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows divided by their norms, and one more column, (N, D) → (N, D + 1).

    The added column is 0, but 1 for a row of zeros: so that such a row is at right angles to every other (cosine
    distance 1) and equal to its like (0), never NaN.
    """
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    is_zero = largest == 0
    scaled = rows / np.where(is_zero, 1.0, largest)  # first, or the squares of tiny values would be 0
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.hstack([scaled / np.where(is_zero, 1.0, norms), is_zero.astype(np.float64)])


@dataclass(frozen=True)
class _LeftOut:
    """Which rows each query may not use: those of one recording.

    Attributes:
        recordings: (N,) of the rows.
        excluded: (M,) the recording that each query may not use; -1 for none.
    """

    recordings: NDArray[np.int64]
    excluded: NDArray[np.int64]

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Queries and rows that do not go together."""
        order = np.argsort(self.recordings, kind="stable")
        ordered = self.recordings[order]
        start = np.searchsorted(ordered, self.excluded, side="left")
        count = np.searchsorted(ordered, self.excluded, side="right") - start
        queries = np.repeat(np.arange(len(count)), count)
        within = np.arange(len(queries)) - np.repeat(np.cumsum(count) - count, count)
        return queries, order[np.repeat(start, count) + within]


class NearestRows:
    """Searches the rows of one matrix for those nearest to others.

    Args:
        rows: (N, D) float64, finite, N ≥ 1.
        metric: "euclidean" is the true distance, not its square; "cosine" is 1 − cos, computed as half the squared
            distance of the rows on the unit sphere.
    """

    def __init__(self, rows: NDArray[np.float64], metric: Metric = "euclidean") -> None:
        self.rows = rows
        self._metric: Metric = metric
        self._points = self._place(rows)
        self._centre = self._points.mean(axis=0)
        self._centred = self._points - self._centre  # for candidates only: it moves exact ties
        self._norms = np.linalg.norm(self._centred, axis=1)
        self._scale = self._norms.max() or 1.0  # so that nothing overflows in float32
        self._index: Any = None

    def __len__(self) -> int:
        return len(self.rows)

    def distinct(self) -> tuple[NearestRows, NDArray[np.int64]]:
        """The rows without copies, in the order of their first one, and the place of each row among them, (N,)."""
        places: dict[bytes, int] = {}
        place = np.array([places.setdefault((row + 0.0).tobytes(), len(places)) for row in self._points], np.int64)
        if len(places) == len(self):
            return self, place
        return NearestRows(self.rows[np.unique(place, return_index=True)[1]], self._metric), place

    def search(self, queries: NDArray[np.float64], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The k nearest rows of each query: indices and distances, (M, D) → two of (M, min(k, N)).

        Distances ascend; ties go to the lower index.
        """
        k = min(k, len(self))
        points = self._place(queries)
        candidates, rest = self._faiss_candidates(points, k)
        unscaled = np.ones((1, len(self)))
        none_left_out = _LeftOut(np.arange(len(self)), np.full(len(points), -1))
        indices, squares = _refined(points, self._points, unscaled, k, candidates, rest, none_left_out)
        return indices, self._distances(squares)

    def search_others(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The k nearest other rows of each row, itself left out: two of (N, min(k, N − 1))."""
        k = min(k, len(self) - 1)
        indices, distances = self.search(self.rows, k + 1)
        is_self = indices == np.arange(len(self))[:, None]
        is_self[~is_self.any(axis=1), -1] = True  # more duplicates of lower index than were asked for
        return indices[~is_self].reshape(len(self), k), distances[~is_self].reshape(len(self), k)

    def search_scaled(
        self,
        queries: NDArray[np.float64],
        k: int,
        divisors: NDArray[np.float64],
        excluded: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float64]:
        """The k least of the distances to all rows, each divided by that row's divisor, ascending.

        Args:
            queries: (M, D).
            k: how many.
            divisors: (1, N) or (M, N), positive.
            excluded: (M,) a row that each query may not use.

        Returns:
            (M, k) float64, k at most the number of rows that may be used.
        """
        return self.search_without(queries, k, divisors, excluded, np.arange(len(self)))[1]

    def search_without(
        self,
        queries: NDArray[np.float64],
        k: int,
        divisors: NDArray[np.float64],
        excluded: NDArray[np.int64] | None,
        recordings: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The rows of the k least scaled distances, leaving out for each query the rows of one recording.

        Args:
            queries: (M, D).
            k: how many.
            divisors: (1, N) or (M, N), positive.
            excluded: (M,) the recording whose rows each query may not use; None: all may be used.
            recordings: (N,) of the rows, from 0.

        Returns:
            Indices and distances divided by the divisors, ascending, (M, k), k at most the number of rows that each
            query may use.
        """
        largest = 0 if excluded is None else int(np.bincount(recordings)[excluded].max(initial=0))
        k = min(k, len(self) - largest)
        without = np.full(len(queries), -1) if excluded is None else excluded
        factors = 1 / divisors if self._metric == "cosine" else 1 / divisors**2  # of squared distances
        points = self._place(queries)
        step = max(1, _BLOCK_VALUES // len(self))
        found = [(np.empty((0, k), np.int64), np.empty((0, k)))]
        for start in range(0, len(points), step):
            block = slice(start, start + step)
            scale = factors if len(factors) == 1 else factors[block]
            left_out = _LeftOut(recordings, without[block])
            candidates, rest = self._product_candidates(points[block], k, scale, left_out)
            found.append(_refined(points[block], self._points, scale, k, candidates, rest, left_out))
        indices, squares = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return indices, self._distances(squares)

    def _place(self, queries: NDArray[np.float64]) -> NDArray[np.float64]:
        return unit_rows(queries) if self._metric == "cosine" else queries

    def _distances(self, squares: NDArray[np.float64]) -> NDArray[np.float64]:
        return squares / 2 if self._metric == "cosine" else np.sqrt(squares)

    def _faiss_candidates(self, points: NDArray[np.float64], k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Some nearest rows (M, C), and what the squared distance of every other row is at least (M,)."""
        count = min(k + _SPARE, len(self))
        if count == len(self) or count > MOST_NEIGHBOURS or len(points) == 0:
            return _every_row(len(points), len(self))
        centred = (points - self._centre) / self._scale
        norms = np.linalg.norm(centred, axis=1)
        is_far = norms > _FARTHEST
        centred[is_far] = 0.0
        if self._index is None:
            self._index = flat_index((self._centred / self._scale).astype(np.float32))
        squares, indices = self._index.search(centred.astype(np.float32), count)
        reach = norms + self._norms.max() / self._scale
        rest = squares[:, -1] - _rounding(points.shape[1], np.float32) * reach**2
        return indices, np.where(is_far, -np.inf, rest * self._scale**2)

    def _product_candidates(
        self, points: NDArray[np.float64], k: int, factors: NDArray[np.float64], left_out: _LeftOut
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """As `_faiss_candidates`, for scaled squared distances."""
        count = k + _SPARE
        if count >= len(self):
            return _every_row(len(points), len(self))
        centred = points - self._centre
        norms = np.linalg.norm(centred, axis=1)[:, None]
        squares = norms**2 + self._norms**2 - 2 * centred @ self._centred.T
        at_least = (squares - _rounding(points.shape[1], np.float64) * (norms + self._norms) ** 2) * factors
        at_least[left_out.pairs()] = np.inf
        order = np.argpartition(at_least, count, axis=1)[:, : count + 1]
        rest = np.take_along_axis(at_least, order[:, -1:], axis=1)[:, 0]
        return order[:, :-1], rest


def _every_row(queries: int, rows: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    return np.tile(np.arange(rows), (queries, 1)), np.full(queries, np.inf)


def _rounding(dim: int, dtype: type[np.floating[Any]]) -> float:
    """Bounds the error of ‖x‖² + ‖r‖² − 2x·r in units of (‖x‖ + ‖r‖)², for sums in any order.

    The 32 leaves room for a GPU that makes a product of float32 from three of its tensor cores' products.
    """
    return float((dim + 32) * np.finfo(dtype).eps)


def _refined(
    points: NDArray[np.float64],
    rows: NDArray[np.float64],
    factors: NDArray[np.float64],
    k: int,
    candidates: NDArray[np.int64],
    rest: NDArray[np.float64],
    left_out: _LeftOut,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k least scaled squared distances from candidates, or from all rows where the rest may hold a lesser one."""
    from scipy.spatial.distance import cdist  # here: commands that fit no memory bank start sooner

    indices = np.empty((len(points), k), dtype=np.int64)
    squares = np.empty((len(points), k))
    every = np.arange(len(rows))
    for i in range(len(points)):
        own_factors = factors[0] if len(factors) == 1 else factors[i]
        for chosen in (candidates[i], every):
            values = cdist(points[i : i + 1], rows[chosen], "sqeuclidean")[0] * own_factors[chosen]
            values[left_out.recordings[chosen] == left_out.excluded[i]] = np.inf
            order = np.lexsort((chosen, values))[:k]
            indices[i], squares[i] = chosen[order], values[order]
            if k == 0 or squares[i, -1] < rest[i]:
                break
    return indices, squares
