import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.pages.night.history_chart import HEIGHT, WIDTH, draw_history
from tests.asd_core.pages.svg import paths, points, shapes, words

DATE = "2026-11-19"


def rows(scores, date=DATE, threshold=1.0):
    return [
        {"date": date, "anomaly_score": score, "decision_threshold": threshold, "is_flagged": score > threshold}
        for score in scores
    ]


def test_every_clip_is_a_dot_or_a_triangle():
    chart = draw_history(rows([0.1, 0.2], "2026-11-18"), rows([0.3, 2.0]), DATE)
    assert (len(points(paths(chart.drawing, "dots"))), len(points(paths(chart.drawing, "triangles")))) == (3, 1)


def test_a_higher_score_is_higher_and_a_later_night_further_right():
    chart = draw_history(rows([0.1], "2026-11-18"), rows([0.9]), DATE)
    (x0, y0), (x1, y1) = points(paths(chart.drawing, "median"))
    assert (x0 < x1, y0 > y1) == (True, True)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=30), st.floats(-1e9, 1e9))
def test_everything_is_drawn_inside_the_picture(scores, threshold):
    chart = draw_history(rows(scores[1:], "2026-11-18", threshold), rows(scores[:1], DATE, threshold), DATE)
    kinds = ("dots", "triangles", "median", "threshold", "rule")
    drawn = [point for kind in kinds for point in points(paths(chart.drawing, kind))]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in drawn)
    assert all(0 <= x <= 100 and 0 <= y <= 24 for x, y in points(paths(chart.spark, "line")))


def test_one_wild_score_does_not_flatten_the_others_and_is_told():
    chart = draw_history([], rows([0.2, 0.4, 1e6]), DATE)
    heights = [y for _, y in points(paths(chart.drawing, "dots"))]
    assert chart.n_cut == 1
    assert abs(heights[0] - heights[1]) > 3


def test_a_night_without_a_clip_is_shown_without_figures():
    chart = draw_history(rows([0.1], "2026-11-18"), [], DATE)
    assert [(night.date, night.n_scored, night.median) for night in chart.nights] == [
        ("2026-11-18", 1, 0.1),
        (DATE, 0, None),
    ]


def test_the_figures_are_those_of_the_night():
    chart = draw_history([], rows([0.1, 0.3, 2.0]), DATE)
    night = chart.nights[0]
    assert (night.n_flagged, night.median, night.highest, night.decision_threshold) == (1, 0.3, 2.0, 1.0)


def test_only_the_last_30_nights_are_drawn():
    earlier = [row for day in range(1, 32) for row in rows([0.1], f"2026-10-{day:02d}")]
    chart = draw_history(earlier, rows([0.1]), DATE)
    assert (len(chart.nights), chart.nights[-1].date) == (30, DATE)


def test_the_nights_are_named_by_month_and_day():
    assert words(draw_history(rows([0.1], "2026-11-18"), rows([0.9]), DATE).drawing)[-2:] == ["11-18", "11-19"]


def test_a_machine_that_was_never_scored_has_no_chart():
    assert draw_history([], [], DATE) is None


@pytest.mark.parametrize("scores", [[0.0], [5.0, 5.0], [-3.0]])
def test_equal_scores_can_be_drawn(scores):
    assert shapes(draw_history([], rows(scores), DATE).drawing, "rule")
