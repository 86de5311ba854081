import numpy as np
import pytest

from asd_core.alarms.lent_nights import lent_nights


def fleet(machines, nights=6, clips=4, between=1.0, seed=0):
    """Scores of machines of a type: a part of the machine, one of the night and one of the clip."""
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=shape) for shape in ((machines, 1, 1), (machines, nights, 1), (machines, nights, clips))]
    return between * parts[0] + parts[1] + parts[2]


def lent(scores):
    machines, nights, clips = scores.shape
    number = np.arange(scores.size) // clips
    return lent_nights(scores.ravel(), number // nights, number % nights)


@pytest.mark.parametrize("between", [0.0, 1.0, 5.0])
def test_p_of_fresh_machines_is_even_however_far_machines_differ(between):
    p_values = []
    for seed in range(300):
        scores = fleet(13, between=between, seed=seed)
        night = scores[12, 0]
        p_values.append(lent(scores[:12]).p_value(night.mean(), night.max(), len(night)))
    assert np.mean(np.array(p_values) <= 1 / 13 + 1e-9) < 0.13
    assert 0.02 < np.mean(np.array(p_values) <= 0.2) < 0.3 and 0.4 < np.mean(p_values) < 0.62


def test_the_smallest_p_is_that_of_the_machines_and_not_of_their_nights():
    found = lent(fleet(9, nights=40))
    assert found.p_value(99.0, 99.0, 4) == found.p_floor == 0.1
    assert found.p_value(-99.0, -99.0, 4) == pytest.approx(1.0)


def test_a_machine_with_many_nights_counts_as_one():
    scores = fleet(9)
    plain = lent(scores)
    number = np.arange(scores.size) // 4
    again = np.concatenate([number, np.arange(24) // 4 + 60])  # the first machine's nights once more, of other dates
    twice = np.concatenate([scores.ravel(), scores[0].ravel()])
    more = lent_nights(twice, np.concatenate([number // 6, np.zeros(24, int)]), again)
    assert more.lenders == plain.lenders
    assert more.p_value(1.0, 2.0, 4) == pytest.approx(plain.p_value(1.0, 2.0, 4), abs=0.02)


def test_of_more_clips_than_were_lent_the_worst_does_not_count():
    found = lent(fleet(9))
    assert found.p_value(0.0, 99.0, 5) == found.p_value(0.0, 0.0, 5) > found.p_value(0.0, 99.0, 4)


def test_scores_that_are_all_alike_decide_nothing_unlikely():
    assert lent(np.zeros((9, 2, 2))).p_value(0.0, 0.0, 2) == 1.0
