from dataclasses import replace

import numpy as np
import pytest

from asd_core.encoders.head.arrays import class_log_probabilities, head_embeddings
from asd_core.encoders.head.stored import NewHead
from asd_core.errors import AsdError
from asd_core.pipeline.transforms import fit_transform, transformed
from asd_core.recipe.machine_recipe import EmbeddingConfig
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.heads import small_arrays, stored_heads

NONE, ZSCORE = EmbeddingConfig(), EmbeddingConfig("log-zscore")
MACHINE = ("fan", "07")


def learnt(values):
    return fit_transform(values, ZSCORE, MACHINE)


def test_log_zscore_is_the_standard_score_of_the_logarithm():
    values = np.exp(np.random.default_rng(0).normal(3, 2, (50, 4))).astype(np.float32)
    values[:, 3] = 7.0  # never varies
    scored = transformed(values, learnt(values), ZSCORE)
    np.testing.assert_allclose(scored.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(scored.std(axis=0), [1, 1, 1, 0], atol=1e-12)
    assert np.isfinite(transformed(np.zeros((1, 4), np.float32), learnt(values), ZSCORE)).all()


def test_log_zscore_of_what_is_no_power_is_refused():
    with pytest.raises(AsdError, match="log-zscore takes powers, but an embedding holds -1.0"):
        learnt(np.array([[1.0], [-1.0]], np.float32))


def test_no_transform_leaves_embeddings_as_they_are():
    values = np.ones((2, 3), np.float32)
    assert transformed(values, fit_transform(values, NONE, MACHINE), NONE) is values


def test_a_head_gives_its_embeddings_and_before_them_the_class_nll_where_asked(tmp_path):
    arrays = small_arrays()
    head = NewHead("fan", ("a", "b", "c"), {"fan": {"07": [1]}}, arrays)
    config = EmbeddingConfig("head", stored_heads(Store(LocalFiles(tmp_path)), head))
    values = np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32)
    own = head_embeddings(arrays, values)
    kept = fit_transform(values, config, MACHINE)
    np.testing.assert_array_equal(transformed(values, kept, config), own)
    assert "centres" not in kept  # which no score depends on
    nll = replace(config, class_nll=True)
    scored = transformed(values, fit_transform(values, nll, MACHINE), nll)
    np.testing.assert_array_equal(scored[:, 1:], own)
    np.testing.assert_allclose(scored[:, 0], -class_log_probabilities(arrays, own)[:, 1])
    with pytest.raises(AsdError, match="has no class of fan 08: train it again with clips of this machine"):
        fit_transform(values, nll, ("fan", "08"))
