import numpy as np
import pytest

from asd_core.detectors.checks import checked_embeddings, checked_normals
from asd_core.errors import AsdError


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
