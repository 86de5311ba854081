import numpy as np
import pytest

from asd_core.audio.impulses import frame_power
from asd_core.audio.swellings import find_swellings
from tests.known_changes import RATE, TIME


def swellings_of(course, seed=0):
    sound = 0.05 * np.random.default_rng(seed).standard_normal(TIME.size) * course
    return find_swellings(*frame_power(sound.astype(np.float32), RATE))


def wave(rate):
    return np.cos(2 * np.pi * rate * TIME)


@pytest.mark.parametrize("rate", [0.9, 2.2, 6.0])
def test_a_swelling_is_named_by_the_rate_at_which_it_repeats_and_not_by_its_highest_line(rate):
    (found,) = swellings_of(1 + 0.15 * wave(rate) + 0.4 * wave(2 * rate) + 0.2 * wave(3 * rate))
    assert found.rate == pytest.approx(rate, rel=0.02)
    assert found.depth == pytest.approx(np.sqrt(0.15**2 + 0.4**2 + 0.2**2), rel=0.1)


def test_a_fundamental_without_a_line_of_its_own_is_told_by_two_multiples():
    found = swellings_of(1 + 0.4 * wave(6.0) + 0.25 * wave(9.0) + 0.2 * wave(15.0))[0]
    assert found.rate == pytest.approx(3.0, rel=0.02)


@pytest.mark.parametrize("rate", [1.5, 8.0, 21.0])
def test_a_sine_is_not_named_by_a_part_of_its_rate(rate):
    (found,) = swellings_of(1 + 0.6 * wave(rate))
    assert found.rate == pytest.approx(rate, rel=0.02)


def test_two_swellings_are_told_apart_and_their_sum_and_difference_are_none():
    found = swellings_of((1 + 0.5 * wave(18.1)) * (1 + 0.4 * wave(4.3)))
    assert sorted(round(swelling.rate, 1) for swelling in found) == [4.3, 18.1]
