import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from asd_core.pages.drawing import (
    Drawing,
    Scale,
    dots,
    grid_lines,
    label,
    labels_across,
    line,
    path,
    round_values,
    shape,
    triangles,
    with_margin,
)
from tests.asd_core.pages.svg import paths, points, shapes, words

ends = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("low", "high", "is_log", "values"),
    [
        (0.0, 1.1, False, [0.0, 0.5, 1.0]),
        (0.61, 0.93, False, [0.7, 0.8, 0.9]),
        (1e-6, 1e-2, True, [1e-6, 1e-5, 1e-4, 1e-3, 1e-2]),
        (2.0, 5.0, True, [2.0, 5.0]),
        (3.0, 3.0, False, [3.0]),
    ],
)
def test_marks_are_round(low, high, is_log, values):
    assert round_values(low, high, is_log) == pytest.approx(values)


@given(ends, st.floats(0.01, 1e6), st.integers(2, 12))
def test_a_scale_has_about_as_many_marks_as_are_wanted_all_inside_it(low, width, intervals):
    values = round_values(low, low + width, intervals=intervals)
    assert intervals / 2.5 - 1 <= len(values) <= intervals + 1
    assert all(low - 1e-6 * width <= value <= low + width * (1 + 1e-6) for value in values)


@given(ends, st.floats(0.01, 1e6), ends)
def test_a_value_lies_at_its_share_of_the_scale_and_beyond_it_at_its_edge(low, width, value):
    scale = Scale(low, low + width, 160, 12)
    assert (scale(low), scale(low + width)) == (160, 12)
    share = min(max((value - low) / (scale.high - low), 0), 1)
    assert scale(value) == pytest.approx(160 - 148 * share, abs=0.051)


def test_equal_ratios_are_equal_distances_on_a_logarithmic_scale():
    assert [Scale(1e-4, 1.0, 0, 100, is_log=True)(value) for value in (1e-4, 1e-2, 1)] == [0, 50, 100]


def test_a_scale_of_one_value_has_it_in_the_middle():
    assert Scale(2.0, 2.0, 4, 196)(2.0) == 100


def test_a_scale_with_a_margin_is_wider_than_its_values_also_where_they_are_equal():
    for values in ([0.2, 0.8], [5.0], [-1e9, -1e9]):
        low, high = with_margin(values)
        assert low < min(values) and high > max(values)


def test_words_of_files_are_text_in_a_drawing():
    evil = '"><script>\u202e'
    drawing = Drawing(10, 10, (label(1, 2, evil), shape("rect", {"class": "cell"}, tooltip=evil)))
    assert "<script" not in drawing.named("a", evil, evil)
    assert "\u202e" not in drawing.__html__()
    assert words(drawing) == ['"><script>\ufffd']


def test_a_figure_has_a_name_and_a_description_and_an_ornament_is_hidden():
    drawing = Drawing(20, 10, (path("line", line([(0, 1), (2, 3)])),))
    figure = drawing.named("a", "Scores", Markup("of &lt;one&gt; night"))
    assert 'role="img" aria-labelledby="a-t a-d"' in figure
    assert '<title id="a-t">Scores</title>' in figure and '<desc id="a-d">of &lt;one&gt; night</desc>' in figure
    assert 'aria-hidden="true"' in drawing.__html__() and "role" not in drawing.__html__()


def test_a_line_goes_through_its_points_and_a_lone_one_is_a_dash_around_it():
    assert points(line([(0, 1), (2, 3.5)])) == [(0, 1), (2, 3.5)]
    assert line([(10, 1)]) == "M8 1h4" and line([]) == ""


def test_equal_points_are_drawn_once():
    assert dots([(1, 2), (1, 2)]) == "M1 2h0"
    assert triangles([(1, 6.5), (1, 6.5)]) == "M1 2l4 7h-8z"


def test_a_grid_has_a_line_and_a_label_for_each_mark():
    scale = Scale(0, 1, 100, 0)
    drawing = Drawing(100, 120, (*grid_lines(scale.ticks(), 10, 90), *labels_across([(50.0, "x")], 118)))
    assert points(paths(drawing, "rule")) == [(10, 100), (10, 50), (10, 0)]
    assert words(drawing) == ["0", "0.5", "1", "x"]
    assert [text.get("text-anchor") for text in shapes(drawing, "label")] == ["end"] * 3 + ["middle"]
