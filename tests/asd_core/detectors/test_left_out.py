import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.detectors.deviation import Deviation
from asd_core.detectors.kmeans import KMeans, KMeansConfig
from asd_core.detectors.left_out import left_out_scores
from asd_core.detectors.memory_bank import MemoryBank, MemoryBankConfig

ROWS = np.random.default_rng(0).normal(size=(30, 4))
DOMAINS = np.full(30, "source")


@pytest.mark.parametrize("recordings", [None, np.arange(10).repeat(3)])
@pytest.mark.parametrize(
    "new",
    [Deviation, lambda: MemoryBank(MemoryBankConfig(k=2, density="least")), lambda: KMeans(KMeansConfig(n_clusters=2))],
)
def test_scores_are_those_of_detectors_that_never_saw_the_recording(new, recordings):
    number = np.arange(30) if recordings is None else recordings
    scores = left_out_scores(new, ROWS, DOMAINS, recordings, folds=30)
    refitted = [
        new().fit(ROWS[number != one], DOMAINS[number != one]).anomaly_score(ROWS[row : row + 1])[0]
        for row, one in enumerate(number)
    ]
    assert_allclose(scores, refitted, rtol=1e-9)


def test_folds_are_the_same_each_time():
    def found(seed):
        return left_out_scores(lambda: KMeans(KMeansConfig(n_clusters=2)), ROWS, DOMAINS, seed=seed)

    assert_array_equal(found(0), found(0))
    assert not np.array_equal(found(0), found(1))
