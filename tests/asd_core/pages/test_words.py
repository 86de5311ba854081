import pytest

from asd_core.pages import words


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (float("nan"), "–"), (2.91, "2.910"), (-0.5, "−0.5000"), (123456.7, "123,457"), (1e9, "1.000e+09")],
)
def test_a_figure_has_four_digits(value, text):
    assert words.figure(value) == text


def test_one_clip_is_singular():
    assert [words.counted(n, "clip") for n in (0, 1, 1200)] == ["0 clips", "1 clip", "1,200 clips"]


def test_a_cosine_has_three_decimals():
    assert [words.cosine(value) for value in (0.12345, -0.2)] == ["0.123", "−0.200"]
