import numpy as np
import pytest

from asd_core.detectors.checks import check_choice, check_integer, check_number, checked_embeddings, checked_normals
from asd_core.errors import AsdError, UsageError


@pytest.mark.parametrize("value", [0, -1, 2.0, True, "2", None])
def test_only_a_whole_number_that_is_large_enough_passes(value):
    check_integer("k", 1, at_least=1)
    with pytest.raises(UsageError, match="k = .*: must be a whole number, 1 or more"):
        check_integer("k", value, at_least=1)


@pytest.mark.parametrize("value", [0, 1, 1.5, float("nan"), True, "0.5"])
def test_only_a_number_strictly_between_the_bounds_passes(value):
    check_number("weight", 0.5, above=0, below=1)
    with pytest.raises(UsageError, match="weight = .*: must be a number above 0 and below 1"):
        check_number("weight", value, above=0, below=1)


def test_a_choice_is_one_of_those_allowed():
    check_choice("metric", "cosine", ["euclidean", "cosine"])
    with pytest.raises(UsageError, match="metric = 'cos': must be one of 'euclidean', 'cosine'"):
        check_choice("metric", "cos", ["euclidean", "cosine"])


def test_embeddings_are_rows_of_float64_in_one_block_and_keep_their_values():
    given = np.arange(12, dtype=np.float32).reshape(3, 4).T
    rows = checked_embeddings(given, embedding_dim=3)
    assert rows.dtype == np.float64 and rows.flags.c_contiguous
    np.testing.assert_array_equal(rows, given)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.ones(3), r"embeddings of shape \(3,\): give one row per clip"),
        (np.ones((3, 0)), r"embeddings of shape \(3, 0\)"),
        (np.ones((2, 5)), "embeddings have 5 dimensions, the detector was fitted on 4"),
        (np.array([[0, 0, 0, 0], [0, 0, 0, np.inf], [np.nan, 0, 0, 0]]), r"2 of 3 .* not finite .the first is row 1"),
    ],
)
def test_embeddings_of_another_shape_or_not_finite_are_refused(rows, message):
    with pytest.raises(AsdError, match=message):
        checked_embeddings(rows, embedding_dim=4)


def test_a_clip_of_unknown_domain_counts_as_source():
    rows, is_target = checked_normals(np.ones((3, 2)), np.array(["source", "target", ""]))
    assert len(rows) == 3 and is_target.tolist() == [False, True, False]
    with pytest.raises(AsdError, match="0 normal clips to fit on"):
        checked_normals(np.empty((0, 2)), np.array([]))
    with pytest.raises(AsdError, match=r"2 embeddings but domains of shape \(1,\)"):
        checked_normals(np.ones((2, 2)), np.array(["source"]))
