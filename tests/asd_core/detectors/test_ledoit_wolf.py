import numpy as np
import pytest
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage

from asd_core.detectors.ledoit_wolf import shrinkage, shrunk_covariance


@pytest.mark.parametrize(("total", "dim"), [(40, 8), (200, 128), (30, 100), (2, 5), (50, 1), (20, 1024), (12, 1500)])
def test_shrinkage_and_covariance_are_those_of_scikit_learn_to_the_bit(total, dim):
    random = np.random.default_rng([total, dim])
    rows = random.normal(size=(total, dim)) * random.uniform(0.1, 4, dim)
    fitted = LedoitWolf(store_precision=False).fit(rows)
    centred = rows - fitted.location_
    assert shrinkage(centred) == fitted.shrinkage_ == ledoit_wolf_shrinkage(centred, assume_centered=True)
    assert np.array_equal(shrunk_covariance(centred), fitted.covariance_)


def test_many_clips_are_hardly_shrunk_and_few_ones_much():
    rows = np.random.default_rng(0).normal(size=(20_000, 4)) * [1, 2, 3, 4]
    assert shrinkage(rows) < 0.001 < 0.1 < shrinkage(rows[:8] - rows[:8].mean(axis=0))


def test_rows_that_are_all_the_same_are_not_shrunk():
    assert shrinkage(np.zeros((5, 3))) == 0
