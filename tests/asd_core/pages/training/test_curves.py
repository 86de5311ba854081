from asd_core.pages.training.curves import draw_course, points

ROWS = [
    {"step": 1, "loss": 2.0, "validation_loss": None},
    {"step": 2, "loss": float("nan"), "validation_loss": 1.5},
    {"step": 3, "loss": 1.0, "validation_loss": 1.25},
]


def test_points_are_the_finite_values():
    assert points(ROWS, "loss") == [(1, 2.0), (3, 1.0)] and points(ROWS, "validation_loss") == [(2, 1.5), (3, 1.25)]


def test_values_are_drawn_from_0_on_where_none_is_below():
    above, below = (str(draw_course("a", "A", [(1, value), (2, 5.0)])) for value in (4.0, -4.0))
    assert 'd="M64 180H628"/>\n<text class="label" x="58" y="184" text-anchor="end">0<' in above
    assert 'd="M64 180H628"' not in below and ">0<" in below


def test_a_chart_has_a_line_dots_and_a_description():
    svg = str(draw_course("loss", "Loss", points(ROWS, "loss"), points(ROWS, "validation_loss")))
    assert 'class="line"' in svg and 'class="dots held"' in svg and "From 2 at step 1 to 1 at step 3." in svg
