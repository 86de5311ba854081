from asd_core.pages.training.curves import draw_course, points

ROWS = [
    {"step": 1, "loss": 2.0, "validation_loss": None},
    {"step": 2, "loss": float("nan"), "validation_loss": 1.5},
    {"step": 3, "loss": 1.0, "validation_loss": 1.25},
]


def test_points_are_the_finite_values():
    assert points(ROWS, "loss") == [(1, 2.0), (3, 1.0)] and points(ROWS, "validation_loss") == [(2, 1.5), (3, 1.25)]


def test_a_chart_has_a_line_dots_and_a_description():
    svg = str(draw_course("loss", "Loss", points(ROWS, "loss"), points(ROWS, "validation_loss")))
    assert 'class="line"' in svg and 'class="dots held"' in svg and "From 2 at step 1 to 1 at step 3." in svg
