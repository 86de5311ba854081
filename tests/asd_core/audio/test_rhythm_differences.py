import numpy as np
import pytest

from asd_core.audio.measures import measure
from asd_core.audio.rhythm_differences import crest_difference, impulse_difference, swelling_differences
from tests.known_changes import RATE, healthy, normals, swelling, with_knocks


def clip_with(change, seed=6):
    return measure(np.asarray(change(healthy(seed), np.random.default_rng(seed)), np.float32), RATE)


def swells(clip, usual, **known):
    return [finding.statement for _, finding in swelling_differences(clip, usual, 1.0, known.get("impulses", 0.0))]


def test_a_swelling_that_moved_is_said_with_both_rates():
    usual = [clip_with(swelling(6.0, 0.5), seed) for seed in range(3)]
    assert swells(clip_with(swelling(7.0, 0.5)), usual) == ["swells 7.0 times per second against 6.0"]
    assert swells(clip_with(swelling(6.0, 0.5)), usual) == []


def test_a_swelling_that_is_gone_is_steadier():
    usual = [clip_with(swelling(6.0, 0.5), seed) for seed in range(3)]
    (statement,) = swells(measure(healthy(6), RATE), usual)
    assert statement.startswith("steadier: swells by 0 % against ")


def test_knocks_are_not_a_swelling_as_well():
    clip = clip_with(with_knocks(11.0))
    assert swells(clip, normals(), impulses=11.0) == []


@pytest.mark.parametrize(("rate", "speed"), [(40.0, 1.0), (44.0, 1.1)])
def test_impulses_of_the_same_order_are_no_difference(rate, speed):
    usual = [clip_with(with_knocks(40.0), seed) for seed in range(3)]
    assert impulse_difference(clip_with(with_knocks(rate)), usual, speed) is None
    faster = impulse_difference(clip_with(with_knocks(60.0)), usual, speed)
    assert faster.statement.startswith("impulses 60.0 per second")


def test_one_click_is_peaks_above_the_level():
    sound = healthy(6).copy()
    sound[80_000] = 0.9
    assert crest_difference(measure(sound, RATE), normals()).statement.startswith("peaks 2")
