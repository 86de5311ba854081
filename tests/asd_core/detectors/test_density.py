import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.spatial.distance import cdist

from asd_core.detectors.density import floored, local_distances, local_distances_without_each
from asd_core.detectors.nearest import NearestRows

ROWS = np.random.default_rng(0).normal(size=(20, 3))
ROWS[7] = ROWS[3]  # duplicates


def by_definition(rows, k):
    """The mean distance of each row to its k nearest others, copies counted once, by comparing it with all."""
    distinct, place = np.unique(rows, axis=0, return_inverse=True)
    between = cdist(distinct, distinct)
    np.fill_diagonal(between, np.inf)
    return floored(np.sort(between, axis=1)[:, : min(k, len(distinct) - 1)].mean(axis=1))[place.ravel()]


@pytest.mark.parametrize("k", [1, 4, 19, 50])
def test_the_local_distance_is_the_mean_to_the_nearest_others(k):
    assert_allclose(local_distances(NearestRows(ROWS), k), by_definition(ROWS, k), rtol=1e-12)


@pytest.mark.parametrize(
    "rows", [ROWS, ROWS[:7], np.repeat(ROWS[:4], 3, axis=0), np.vstack([ROWS, ROWS[:9], ROWS[:2]])]
)
@pytest.mark.parametrize("k", [1, 4, 18, 50])
def test_the_bank_without_a_row_is_that_of_the_others_alone(k, rows):
    seen = []
    for removed, rho in local_distances_without_each(NearestRows(rows), k):
        for own, values in zip(removed, rho, strict=True):
            expected = by_definition(np.delete(rows, own, axis=0), k)
            assert_allclose(np.delete(values, own), expected, rtol=1e-12)
        seen += removed.tolist()
    assert sorted(seen) == list(range(len(rows)))


@pytest.mark.parametrize("n", [1, 3])
def test_a_single_row_has_no_surroundings_however_often_it_is_stored(n):
    assert local_distances(NearestRows(np.ones((n, 3))), 4).tolist() == [1.0] * n
    for _, rho in local_distances_without_each(NearestRows(np.ones((n + 1, 3))), 4):
        assert (rho == 1).all()


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("copies", [1, 5, 40])
def test_copies_of_a_row_leave_every_local_distance_as_it_is(metric, copies):
    alone = local_distances(NearestRows(ROWS, metric), 4)
    bank = np.vstack([ROWS, np.repeat(ROWS[5:6], copies, axis=0)])
    found = local_distances(NearestRows(bank, metric), 4)
    assert (found == np.append(alone, np.full(copies, alone[5]))).all()


@given(st.lists(st.just(0.0) | st.floats(1e-300, 1e6), min_size=1))
def test_the_floor_is_positive_and_raises_only_what_lies_below_a_hundredth_of_the_median(values):
    rho = np.array(values)
    found = floored(rho)
    assert (found > 0).all() and (found >= rho).all()
    if (rho > 0).any():
        high = rho >= 0.01 * np.median(rho[rho > 0])
        assert (found[high] == rho[high]).all()
