import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.pages.night.scored_clip import excess, scored_clip


def test_excess_is_0_at_the_threshold_and_minus_1_at_the_median_of_unseen_normals():
    assert [excess(score, 1.0, 0.5) for score in (1.0, 0.5, 1.5)] == [0.0, -1.0, 1.0]


@pytest.mark.parametrize(("threshold", "median"), [(None, 0.5), (1.0, None), (1.0, 1.0), (1.0, 2.0), (math.nan, 0.5)])
def test_excess_is_unknown_without_a_distance_to_measure_it_in(threshold, median):
    assert excess(3.0, threshold, median) is None


@given(st.floats(-5, 5), st.floats(0.1, 10), st.floats(-100, 100))
def test_excess_is_the_same_on_any_scale_of_scores(score, scale, shift):
    moved = [scale * value + shift for value in (score, 1.0, 0.5)]
    assert excess(*moved) == pytest.approx(excess(score, 1.0, 0.5), rel=1e-6, abs=1e-6)


def test_the_smallest_p_is_that_of_the_row_where_it_has_one(make):
    row = make.scored("a", 2.0, p_value=1 / 10, p_floor=1 / 10)
    assert scored_clip(row, "fan", 0.5, 45).p_in_words == "p ≤ 1/10, the smallest that 9 normals allow"
    lent = scored_clip(row | {"scorer_version": "type/v000001-abcdef01"}, "fan", None, 0).p_in_words
    assert lent == "p ≤ 1/10, the smallest that 9 machines of its type allow"


@pytest.mark.parametrize(
    ("p_value", "normals", "words"),
    [(1 / 46, 45, "p ≤ 1/46, the smallest that 45 normals allow"), (0.5, 45, "p = 0.5"), (None, 45, "–")],
)
def test_a_clip_has_its_p_value_in_words(make, p_value, normals, words):
    assert scored_clip(make.scored("a", 2.0, p_value=p_value), "fan", 0.5, normals).p_in_words == words
