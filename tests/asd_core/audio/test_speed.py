import numpy as np
import pytest

from asd_core.audio.measures import measure
from asd_core.audio.speed import speed_in_words, speed_of
from tests.known_changes import RATE, TIME, healthy, normals


@pytest.mark.parametrize("ratio", [0.85, 0.93, 0.97, 1.03, 1.08, 1.2])
def test_the_speed_is_told_by_how_the_tones_are_shifted(ratio):
    found, away = speed_of(measure(healthy(5, ratio), RATE), normals())
    assert found == pytest.approx(ratio, rel=0.003)
    assert away > 1


@pytest.mark.parametrize("ratio", [0.995, 1.0, 1.004])
def test_a_speed_that_differs_as_it_does_any_night_is_the_same(ratio):
    assert speed_of(measure(healthy(5, ratio), RATE), normals()) == (1.0, 0.0)


def test_another_tone_beside_the_usual_ones_is_no_other_speed():
    new = healthy(5) + np.float32(0.03) * np.sin(2 * np.pi * 66 * TIME).astype(np.float32)
    assert speed_of(measure(new, RATE), normals()) == (1.0, 0.0)


def test_a_single_tone_that_moved_does_not_say_that_the_machine_runs_faster():
    def lone(hertz, seed):
        noise = 0.01 * np.random.default_rng(seed).standard_normal(TIME.size)
        return measure((noise + 0.05 * np.sin(2 * np.pi * hertz * TIME)).astype(np.float32), RATE)

    usual = [lone(300, seed) for seed in range(3)]
    speed, away = speed_of(lone(330, 9), usual)
    words = speed_in_words(speed, away, lone(330, 9), usual).statement
    assert words == "the tone at 300 Hz is 10.0 % higher, at 330 Hz"
