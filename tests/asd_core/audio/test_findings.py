import pytest

from asd_core.audio.findings import deviation, in_hertz


def test_a_deviation_is_the_distance_from_the_median_over_spread_and_margin():
    assert deviation(9.0, [1.0, 2.0, 4.0], 1.0) == (2.0, pytest.approx(7 / 3))


@pytest.mark.parametrize(("hertz", "words"), [(49.96, "50 Hz"), (999.6, "1 kHz"), (1240.3, "1.24 kHz")])
def test_a_frequency_has_three_digits(hertz, words):
    assert in_hertz(hertz) == words
