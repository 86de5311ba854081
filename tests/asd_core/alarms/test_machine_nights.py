import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.alarms.machine_nights import machine_nights
from asd_core.errors import AsdError

CLIPS = st.lists(
    st.tuples(st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(np.inf), st.integers(0, 3), st.integers(0, 4))
)


def columns(clips):
    scores, machines, nights = zip(*clips, strict=True) if clips else ((), (), ())
    return np.array(scores, float), np.array(machines, int), np.array(nights, int)


@given(CLIPS)
def test_nights_equal_those_gathered_one_by_one(clips):
    found = machine_nights(*columns(clips))
    finite = [clip for clip in clips if np.isfinite(clip[0])]
    keys = sorted({(machine, night) for _, machine, night in finite})
    assert list(zip(found.machines, found.nights, strict=True)) == keys
    own = [[score for score, *key in finite if tuple(key) == wanted] for wanted in keys]
    assert found.clips.tolist() == [len(scores) for scores in own]
    assert_allclose(found.means, [np.mean(scores) for scores in own], rtol=1e-9, atol=1e-9)
    assert found.worst.tolist() == [max(scores) for scores in own]
    assert len(found) == len(keys)
    assert_array_equal(np.bincount(found.of_clips, minlength=len(keys)), found.clips)


@given(CLIPS, st.randoms())
def test_the_order_of_clips_does_not_matter(clips, random):
    shuffled = random.sample(clips, len(clips))
    one, other = machine_nights(*columns(clips)), machine_nights(*columns(shuffled))
    assert_array_equal(one.nights, other.nights)
    assert_array_equal(one.worst, other.worst)
    assert_allclose(one.means, other.means, rtol=1e-9, atol=1e-9)


def test_columns_that_cannot_be_are_refused():
    with pytest.raises(AsdError, match="must be"):
        machine_nights(np.zeros(2), np.zeros(2, int), np.zeros(3, int))
    with pytest.raises(AsdError, match="count from 0"):
        machine_nights(np.zeros(1), np.array([-1]), np.zeros(1, int))
