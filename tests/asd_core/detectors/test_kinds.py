import dataclasses

import numpy as np
import pytest

from asd_core.detectors.kinds import DEFAULT_KIND, KINDS, is_own, kind_config, kind_keys, load_of_kind, new_of_kind
from asd_core.errors import UsageError

ROWS = np.random.default_rng(0).normal(size=(60, 2))


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_takes_the_fields_of_its_configuration_and_scores_after_loading_as_before(name):
    config = kind_config({"kind": name})
    assert config == KINDS[name].config() and kind_keys(name) == {field.name for field in dataclasses.fields(config)}
    detector = new_of_kind(config).fit(ROWS, np.full(60, "source"))
    assert isinstance(detector, KINDS[name].detector)
    loaded = load_of_kind(config, detector.state())
    np.testing.assert_array_equal(loaded.anomaly_score(ROWS), detector.anomaly_score(ROWS))


def test_a_table_without_a_kind_is_of_the_default_kind():
    assert kind_config({}).kind == DEFAULT_KIND


def test_a_kind_with_a_colon_is_a_class_of_ones_own():
    assert is_own("plant.detectors:Mine") and not is_own("gmm") and not is_own(3)
    with pytest.raises(UsageError, match="'knn'"):
        kind_config({"kind": "knn"})
