import numpy as np

from asd_core.alarms.false_alarm_rates import cross_validated_false_alarm_rate
from asd_core.alarms.thresholds import ThresholdConfig


def test_the_expected_false_alarm_rate_is_near_what_the_quantile_leaves():
    unseen = np.random.default_rng(0).normal(size=2000)
    rate = cross_validated_false_alarm_rate(unseen, ThresholdConfig(quantile=0.9))
    assert 0.08 < rate < 0.12
    assert np.isnan(cross_validated_false_alarm_rate(unseen[:9], ThresholdConfig()))
