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
    """The mean distance of each row to its k nearest others, by comparing it with all."""
    between = cdist(rows, rows)
    np.fill_diagonal(between, np.inf)
    return np.sort(between, axis=1)[:, : min(k, len(rows) - 1)].mean(axis=1)


@pytest.mark.parametrize("k", [1, 4, 19, 50])
def test_the_local_distance_is_the_mean_to_the_nearest_others(k):
    assert_allclose(local_distances(NearestRows(ROWS), k), floored(by_definition(ROWS, k)), rtol=1e-12)


@pytest.mark.parametrize("k", [1, 4, 18, 50])
def test_the_bank_without_a_row_is_that_of_the_others_alone(k):
    seen = []
    for removed, rho in local_distances_without_each(NearestRows(ROWS), k):
        for own, values in zip(removed, rho, strict=True):
            expected = floored(by_definition(np.delete(ROWS, own, axis=0), k))
            assert_allclose(np.delete(values, own), expected, rtol=1e-12)
        seen += removed.tolist()
    assert seen == list(range(len(ROWS)))


def test_a_single_row_has_no_surroundings():
    assert local_distances(NearestRows(np.ones((1, 3))), 4).tolist() == [1.0]


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_the_floor_is_positive_and_raises_only_what_lies_below_a_hundredth_of_the_median(values):
    rho = np.array(values)
    found = floored(rho)
    assert (found > 0).all() and (found >= rho).all()
    if (rho > 0).any():
        high = rho >= 0.01 * np.median(rho[rho > 0])
        assert (found[high] == rho[high]).all()
