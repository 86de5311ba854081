import numpy as np
import pytest

from asd_core.audio.course_differences import course_of
from asd_core.audio.measures import measure
from tests.known_changes import RATE, TIME, healthy, normals, standing_still, swelling, with_bang, with_gain


def course(*changes):
    sound, rng = healthy(3), np.random.default_rng(3)
    for change in changes:
        sound = change(sound, rng)
    return course_of(measure(np.asarray(sound, np.float32), RATE), normals())


def test_a_clip_like_the_normals_and_a_quieter_one_do_not_stop():
    assert course().findings == course(with_gain(-12.0)).findings == course(with_gain(9.0)).findings == ()


@pytest.mark.parametrize(("start", "end"), [(1.0, 1.6), (3.3, 7.0), (0.6, 9.4)])
def test_a_stop_has_its_length_and_its_beginning(start, end):
    (finding,) = course(standing_still(start, end)).findings
    words = finding.statement.split()
    assert words[0] == "stops"
    assert float(words[2]) == pytest.approx(end - start, abs=0.16)
    assert float(words[5]) == pytest.approx(start, abs=0.11)


def test_several_stops_are_one_sentence():
    (finding,) = course(standing_still(2, 3), standing_still(5, 6.5)).findings
    assert finding.statement.startswith("stops 2 times, for 2.")


@pytest.mark.parametrize(("rate", "depth"), [(0.5, 0.6), (0.8, 0.6), (1.3, 0.7)])
def test_the_troughs_of_a_slow_swelling_are_no_stops(rate, depth):
    assert course(swelling(rate, depth)).findings == ()


def test_a_machine_that_stops_and_is_quieter_says_both():
    found = course(standing_still(6, 20), with_gain(-5.0))
    assert found.stands_still and found.findings[0].statement.startswith("stops after 6.0 s")
    assert found.level == pytest.approx(measure(healthy(3), RATE).level - 5.0, abs=0.3)


def test_a_loud_moment_has_its_time_and_leaves_the_level_alone():
    found = course(with_bang)
    assert found.is_loud and "one loud moment at 6.2 s" in found.findings[0].statement
    assert found.level == pytest.approx(measure(healthy(3), RATE).level, abs=0.3)


def test_pauses_that_the_normals_have_too_are_no_stops():
    strokes = (np.sin(2 * np.pi * 0.4 * TIME) > -0.5).astype(np.float32)
    usual = [measure(healthy(seed) * (0.01 + strokes), RATE) for seed in range(3)]
    assert course_of(measure(healthy(9) * (0.01 + np.roll(strokes, 5000)), RATE), usual).findings == ()
