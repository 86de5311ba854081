import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.pages.night.similarity_chart import HEIGHT, WIDTH, draw_similarities

cosines = st.floats(-1, 1)


def test_a_clip_is_above_below_or_within_the_range_of_its_normals():
    chart = draw_similarities(["a", "b", "c"], [0.3, 0.15, -0.1], [[0.1, 0.1, 0.0], [0.2, 0.2, 0.1]])
    assert [row.side for row in chart.rows] == ["above", "within", "below"]
    assert [(row.lowest, row.highest) for row in chart.rows] == [(0.1, 0.2), (0.1, 0.2), (0.0, 0.1)]
    assert chart.n_normals == 2


def test_all_texts_share_one_scale_from_the_least_to_the_greatest_cosine():
    chart = draw_similarities(["a", "b"], [0.0, 1.0], [[0.5, 0.5]])
    assert [row.mark for row in chart.rows] == ["M4.0 1V13", "M196.0 1V13"]
    assert {row.dots for row in chart.rows} == {"M100.0 7h0"}


@given(st.lists(st.tuples(cosines, cosines, cosines), min_size=1, max_size=8))
def test_every_path_lies_in_its_box(rows):
    clip, one, other = zip(*rows, strict=True)
    chart = draw_similarities([f"{i}" for i in range(len(rows))], clip, [one, other])
    for row in chart.rows:
        for x in re.findall(r"[MH]([\d.]+)", row.range + row.dots + row.mark):
            assert 0 <= float(x) <= WIDTH
    assert max(float(y) for row in chart.rows for y in re.findall(r"V([\d.]+)", row.mark)) <= HEIGHT


@pytest.mark.parametrize(
    ("texts", "clip", "normals"),
    [
        ([], [], []),
        (["a"], [0.1], []),
        (["a"], [0.1, 0.2], [[0.1]]),
        (["a"], [0.1], [[0.1], []]),
        (["a"], [math.nan], [[0.1]]),
    ],
)
def test_what_makes_no_table_is_not_drawn(texts, clip, normals):
    assert draw_similarities(texts, clip, normals) is None
