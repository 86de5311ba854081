import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.spatial.distance import cdist

from asd_core.detectors.nearest import NearestRows, unit_rows


def nearest_twin(queries, rows, k, metric="euclidean"):
    distances = cdist(queries, rows) if metric == "euclidean" else cdist(queries, rows, "cosine")
    order = np.lexsort((np.broadcast_to(np.arange(len(rows)), distances.shape), distances), axis=1)[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


def test_distances_are_true_and_not_squared():
    _, distances = NearestRows(np.zeros((1, 2))).search(np.array([[3.0, 4.0]]), 1)
    assert distances[0, 0] == 5.0


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(1, 3), st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_search_equals_sorting_all_distances_with_ties_to_the_lower_index(n, dim, k, seed):
    generator = np.random.default_rng(seed)
    rows = generator.integers(-3, 4, size=(n, dim)).astype(float)  # a coarse grid: duplicates and exact ties
    queries = generator.integers(-3, 4, size=(7, dim)).astype(float)
    indices, distances = NearestRows(rows).search(queries, k)
    expected_indices, expected_distances = nearest_twin(queries, rows, min(k, n))
    assert_array_equal(indices, expected_indices)
    assert_array_equal(distances, expected_distances)


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_search_equals_sorting_all_distances_where_faiss_is_asked(metric):
    generator = np.random.default_rng(0)
    rows, queries = generator.normal(size=(300, 40)) + 5, generator.normal(size=(30, 40)) + 5
    indices, distances = NearestRows(rows, metric).search(queries, 5)
    expected_indices, expected_distances = nearest_twin(queries, rows, 5, metric)
    assert_array_equal(indices, expected_indices)
    assert_allclose(distances, expected_distances, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_distances_far_below_float32_are_kept(offset):
    rows = offset + 1e-5 * np.random.default_rng(0).normal(size=(200, 8))
    rows[7] = offset + 1e5  # an outlier takes what precision float32 has left
    queries = rows[:20] + 1e-9
    indices, distances = NearestRows(rows).search(queries, 3)
    expected_indices, expected_distances = nearest_twin(queries, rows, 3)
    assert_array_equal(indices, expected_indices)
    assert_array_equal(distances, expected_distances)


def test_hundreds_of_duplicates_give_the_lowest_indices():
    rows = np.vstack([np.ones((5, 6)), np.zeros((400, 6))])
    indices, distances = NearestRows(rows).search(np.zeros((1, 6)), 4)
    assert_array_equal(indices, [[5, 6, 7, 8]])
    assert_array_equal(distances, 0.0)


@pytest.mark.parametrize("size", [1e-150, 1e30, 1e120])
def test_values_beyond_float32_are_searched_too(size):
    rows, queries = np.random.default_rng(0).normal(size=(2, 50, 3))
    indices, distances = NearestRows(rows).search(queries * 1e30, 2)
    assert_array_equal(indices, nearest_twin(queries * 1e30, rows, 2)[0])
    indices, distances = NearestRows(rows * size).search(queries * size, 2)
    assert_allclose(distances / size, nearest_twin(queries, rows, 2)[1], rtol=1e-12)


def test_a_zero_row_is_at_cosine_distance_1_from_others_and_0_from_its_like():
    rows = np.array([[0.0, 0.0], [2.0, 0.0], [-3.0, 0.0]])
    indices, distances = NearestRows(rows, "cosine").search(np.array([[0.0, 0.0], [5.0, 0.0]]), 3)
    assert_array_equal(indices, [[0, 1, 2], [1, 0, 2]])
    assert_allclose(distances, [[0, 1, 1], [0, 1, 2]])


def test_cosine_distance_ignores_length():
    rows, queries = np.random.default_rng(0).normal(size=(2, 30, 4))
    _, distances = NearestRows(rows, "cosine").search(queries, 3)
    _, scaled = NearestRows(rows * 1e-200, "cosine").search(queries * 1e6, 3)
    assert_allclose(scaled, distances, rtol=1e-9)
    assert_allclose(np.linalg.norm(unit_rows(rows * 1e-200), axis=1), 1.0)


def test_the_others_of_a_row_never_hold_itself_even_among_duplicates():
    rows = np.vstack([np.zeros((50, 2)), np.random.default_rng(0).normal(size=(20, 2))])
    indices, distances = NearestRows(rows).search_others(5)
    full = cdist(rows, rows)
    np.fill_diagonal(full, np.inf)
    assert not (indices == np.arange(70)[:, None]).any()
    assert_array_equal(distances, np.sort(full, axis=1)[:, :5])


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_scaled_search_equals_sorting_all_scaled_distances(metric):
    generator = np.random.default_rng(1)
    rows, queries, divisors = (
        generator.normal(size=(200, 5)),
        generator.normal(size=(40, 5)),
        generator.random((1, 200)),
    )
    queries[:10] = rows[:10]
    found = NearestRows(rows, metric).search_scaled(queries, 3, divisors)
    assert_allclose(found, np.sort(cdist(queries, rows, metric) / divisors, axis=1)[:, :3], rtol=1e-9, atol=1e-13)


def test_scaled_search_leaves_out_the_excluded_row_and_takes_divisors_per_query():
    generator = np.random.default_rng(2)
    rows, divisors = generator.normal(size=(60, 3)), 0.1 + generator.random((60, 60))
    found = NearestRows(rows).search_scaled(rows, 4, divisors, excluded=np.arange(60))
    expected = cdist(rows, rows) / divisors
    np.fill_diagonal(expected, np.inf)
    assert_allclose(found, np.sort(expected, axis=1)[:, :4], rtol=1e-12)


def test_a_single_row_has_no_others():
    assert NearestRows(np.zeros((1, 3))).search_others(4)[1].shape == (1, 0)


def test_no_queries_give_empty_answers():
    nearest = NearestRows(np.random.default_rng(0).normal(size=(40, 3)))
    indices, distances = nearest.search(np.empty((0, 3)), 4)
    assert indices.shape == distances.shape == (0, 4)
    assert nearest.search_scaled(np.empty((0, 3)), 4, np.ones((1, 40))).shape == (0, 4)
