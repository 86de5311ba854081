import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.pages.night.similarity_chart import HEIGHT, WIDTH, draw_similarities
from tests.asd_core.pages.svg import paths

cosines = st.floats(-1, 1)


def test_a_clip_is_above_below_or_within_the_range_of_its_normals():
    chart = draw_similarities(["a", "b", "c"], [0.3, 0.15, -0.1], [[0.1, 0.1, 0.0], [0.2, 0.2, 0.1]])
    assert [row.side for row in chart.rows] == ["above", "within", "below"]
    assert [(row.lowest, row.highest) for row in chart.rows] == [(0.1, 0.2), (0.1, 0.2), (0.0, 0.1)]
    assert chart.n_normals == 2


def test_all_texts_share_one_scale_from_the_least_to_the_greatest_cosine():
    chart = draw_similarities(["a", "b"], [0.0, 1.0], [[0.5, 0.5]])
    assert [paths(row.drawing, "mark") for row in chart.rows] == ["M4 1V13", "M196 1V13"]
    assert {paths(row.drawing, "normals") for row in chart.rows} == {"M100 7h0"}


@given(st.lists(st.tuples(cosines, cosines, cosines), min_size=1, max_size=8))
def test_every_path_lies_in_its_box(rows):
    clip, one, other = zip(*rows, strict=True)
    chart = draw_similarities([f"{i}" for i in range(len(rows))], clip, [one, other])
    for row in chart.rows:
        drawn = "".join(paths(row.drawing, kind) for kind in ("range", "normals", "mark"))
        assert all(0 <= float(x) <= WIDTH for x in re.findall(r"[MH]([\d.]+)", drawn))
        assert all(float(y) <= HEIGHT for y in re.findall(r"V([\d.]+)", drawn))


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
