import pytest

from asd_core.pages import number_format


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (float("nan"), "–"), (2.91, "2.910"), (-0.5, "−0.5000"), (123456.7, "123,457"), (1e9, "1.000e+09")],
)
def test_a_figure_has_four_digits(value, text):
    assert number_format.figure(value) == text


def test_one_clip_is_singular():
    assert [number_format.counted(n, "clip") for n in (0, 1, 1200)] == ["0 clips", "1 clip", "1,200 clips"]


def test_a_cosine_has_three_decimals_and_zero_no_sign():
    values = (0.12345, -0.2, -0.0001, None, float("nan"))
    assert [number_format.thousandths(value) for value in values] == ["0.123", "−0.200", "0.000", "–", "–"]


def test_a_signed_figure_has_its_sign_and_two_decimals():
    values = (0.0, 1.234, -1.0, 123456.0, None, float("inf"))
    assert [number_format.signed(value) for value in values] == ["+0.00", "+1.23", "−1.00", "+1.23e+05", "–", "–"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (50.0, "0:50"), (59.98, "0:59.9"), (754.5, "12:34.5"), (3723, "1:02:03")]
)
def test_a_time_in_a_recording_is_written_as_players_do(seconds, text):
    assert number_format.clock(seconds) == text
