import numpy as np

from asd_core.audio.course_differences import Course
from asd_core.audio.differences import describe_difference
from asd_core.audio.level_differences import band_differences, clipping_difference, dropout_difference, level_difference
from asd_core.audio.measures import measure
from tests.known_changes import RATE, clipped, healthy, normals, with_bang, with_dropouts, with_gain


def changed(change):
    return measure(np.asarray(change(healthy(2), np.random.default_rng(2)), np.float32), RATE)


def test_the_level_apart_from_a_stop_is_said_so():
    finding = level_difference(changed(with_gain(0.0)), normals(), Course(level=normals()[0].level + 6))
    assert finding is not None and finding.statement.endswith("dB louder apart from that")


def test_a_gain_is_no_band_of_its_own():
    assert list(band_differences(changed(with_gain(9.0)), normals(), [])) == []


def test_one_loud_moment_is_no_stronger_band():
    assert list(band_differences(changed(with_bang), normals(), [])) == []


def test_dropouts_are_said_alone():
    sound = np.asarray(with_dropouts(40, 0.006)(healthy(2), np.random.default_rng(2)), np.float32)
    (finding,) = describe_difference(measure(sound, RATE), normals()).findings
    assert finding.statement.startswith("drops out 40 times")


def test_clipping_and_dropouts_that_the_normals_have_too_are_not_said():
    usual = [changed(clipped(0.01)), changed(with_dropouts(12, 0.02))]
    assert clipping_difference(changed(clipped(0.01)), usual) is None
    assert dropout_difference(changed(with_dropouts(12, 0.02)), usual, Course()) is None
    assert dropout_difference(changed(with_dropouts(12, 0.02)), normals(), Course()) is not None
