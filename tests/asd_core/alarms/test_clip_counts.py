import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.alarms.clip_counts import clip_counts
from asd_core.alarms.machine_nights import machine_nights


def nights_of(scores):
    """Of scores (machines, nights, clips); NaN for no clip."""
    machines, nights, _ = np.indices(scores.shape)
    return machine_nights(scores.ravel(), machines.ravel(), nights.ravel())


def simulated(effects, size=(100, 20, 5), seed=0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=size) + np.sqrt(effects) * generator.normal(size=(*size[:2], 1))


@pytest.mark.parametrize(("effects", "share"), [(0, 0.0), (1, 0.5), (4, 0.8)])
def test_the_share_of_the_nights_level_is_found_whatever_the_machines_scales(effects, share):
    scores = simulated(effects)
    scales = np.random.default_rng(1).uniform(0.1, 100, (100, 1, 1))
    counts = clip_counts(nights_of(scores * scales - scales), 100)
    assert counts.share == pytest.approx(share, abs=0.03)
    assert_allclose(counts.within, scales[:, 0, 0], rtol=0.45)


def test_the_share_is_found_where_nights_have_different_numbers_of_clips():
    scores = simulated(1, (300, 20, 5))
    taken = np.random.default_rng(2).integers(1, 6, (300, 20, 1))
    scores[np.arange(5) >= taken] = np.nan
    assert clip_counts(nights_of(scores), 300).share == pytest.approx(0.5, abs=0.03)


def test_the_highest_of_draws_has_the_mean_and_variance_of_its_definition():
    counts = clip_counts(nights_of(simulated(0)), 100)
    clips = np.array([1, 2, 5, 2])
    drawn = np.random.default_rng(0).choice(counts.parts, (100_000, 5))
    highest = [drawn[:, :n].max(axis=1) for n in clips]
    assert_allclose(counts.worst_shift(clips), [h.mean() for h in highest], atol=0.02)
    expected = counts.share + (1 - counts.share) * np.array([h.var() for h in highest])
    assert_allclose(counts.worst_variance(clips), expected, atol=0.02)


def test_a_mean_of_more_clips_is_steadier_down_to_the_nights_level():
    counts = clip_counts(nights_of(simulated(1)), 100)
    assert_allclose(counts.mean_variance(np.array([1, 10_000])), [1.0, counts.share], atol=1e-3)


def test_nights_of_one_clip_tell_nothing_of_more_and_the_safe_side_is_taken():
    counts = clip_counts(nights_of(simulated(1, (50, 20, 1))), 50)
    clips = np.array([1, 5])
    assert counts.mean_variance(clips).tolist() == counts.worst_variance(clips).tolist() == [1.0, 1.0]
    assert_allclose(counts.worst_shift(clips), [0, 1.16], atol=0.05)


def test_machines_that_do_not_vary_and_no_machines_at_all_are_no_error():
    counts = clip_counts(nights_of(np.ones((2, 6, 3))), 3)
    assert (counts.share, len(counts.parts)) == (1.0, 0)
    assert counts.worst_shift(np.array([1, 5])).tolist() == [0, 0]
    nothing = clip_counts(machine_nights(np.empty(0), np.empty(0, int), np.empty(0, int)), 2)
    assert nothing.within.tolist() == [0, 0]
