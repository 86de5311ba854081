import numpy as np
import pytest

from tests.accuracy.new_machines import FRESH, Effects, clip_p_values, distance_from_even, new_machine


def test_where_nights_differ_only_nights_left_out_give_honest_p():
    found = clip_p_values(Effects(night=2.0), 14, "twfr-knn", seed=0)
    assert np.mean(found["clip"] <= 0.1) > 0.5 > 0.3 > np.mean(found["night"] <= 0.1)


def test_a_new_machine_borrows_or_learns_its_own_nights():
    borrowed, own = (new_machine(Effects(), 9, nights, 8.0, "twfr-knn", seed=0) for nights in (0, 14))
    assert len(borrowed.p_values) == FRESH and borrowed.p_values.min() >= 0.1 and not len(own.p_values)
    assert own.auc > 0.9 and 0 <= borrowed.flagged <= 1


@pytest.mark.parametrize(("p_values", "distance"), [(np.arange(1, 101) / 100, 0.01), (np.full(10, 1.0), 1.0)])
def test_even_p_values_are_near_an_even_distribution(p_values, distance):
    assert distance_from_even(p_values) == pytest.approx(distance)
