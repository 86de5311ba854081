import numpy as np
import pytest

from asd_core.audio.moments import differing_moment

RATE = 16_000
NORMALS = [(np.random.default_rng(seed).normal(0, 0.1, 10 * RATE).astype(np.float32), RATE) for seed in (1, 2)]


def noise(seed=0, seconds=10):
    return np.random.default_rng(seed).normal(0, 0.1, seconds * RATE).astype(np.float32)


@pytest.mark.parametrize("start", [0.0, 2.3, 6.9])
@pytest.mark.parametrize("fault", ["tone", "louder", "dull"])
def test_it_is_where_a_fault_of_three_seconds_begins(start, fault):
    samples, begin = noise(), round(start * RATE)
    part = slice(begin, begin + 3 * RATE)
    if fault == "tone":
        samples[part] += (0.2 * np.sin(2 * np.pi * 1500 * np.arange(3 * RATE) / RATE)).astype(np.float32)
    elif fault == "louder":
        samples[part] *= 3
    else:
        samples[part] = np.convolve(samples[part], np.full(8, 1 / 8), mode="same")
    assert differing_moment(samples, RATE, NORMALS) == pytest.approx(start, abs=0.5)


def test_it_is_the_beginning_where_no_moment_stands_out():
    assert differing_moment(noise(), RATE, NORMALS) == 0.0
    assert differing_moment(noise()[:100], RATE, NORMALS) == 0.0
    assert differing_moment(noise()[: RATE // 2], RATE, []) == 0.0


def test_a_recording_without_normal_ones_of_its_rate_is_compared_with_its_own_median():
    samples = noise()
    samples[4 * RATE : 7 * RATE] *= 4
    other_rate = [(NORMALS[0][0], 44_100)]
    assert differing_moment(samples, RATE, other_rate) == pytest.approx(4, abs=0.5)
