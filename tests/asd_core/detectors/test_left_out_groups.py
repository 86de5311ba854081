import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.detectors.build import detector_config, new_detector
from asd_core.detectors.left_out_groups import scores_without_groups

BANK = {"kind": "memory_bank"}


@pytest.mark.parametrize(
    "table", [{}, BANK, BANK | {"density": "least", "density_k": 2}, {"kind": "kmeans", "n_clusters": 2}]
)
def test_a_group_is_scored_by_a_detector_that_never_saw_it(table):
    values, groups = np.random.default_rng(0).normal(size=(24, 4)), np.repeat(np.arange(6), 4)
    config, domains = detector_config(table), np.full(24, "source")
    found = scores_without_groups(config, new_detector(config).fit(values, domains), values, domains, groups)
    for group in range(6):
        kept = groups != group
        without = new_detector(config).fit(values[kept], domains[kept])
        assert_allclose(found[~kept], without.anomaly_score(values[~kept]))
