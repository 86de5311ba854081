import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose

from asd_core.detectors.memory_bank import MemoryBank, MemoryBankConfig
from asd_core.errors import AsdError
from asd_core.tuning.memory_banks import bank_scores

RNG = np.random.default_rng(0)
NORMALS = RNG.normal(size=(60, 6)).astype(np.float32) * np.linspace(0.2, 3, 6, dtype=np.float32) - 20
DOMAINS = np.array(["source"] * 50 + ["target"] * 10)
QUERIES = RNG.normal(size=(25, 6)).astype(np.float32) * 2 - 20


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("whitening", ["none", "half", "full"])
@pytest.mark.parametrize("upsampling", ["none", "smote"])
def test_every_k_and_density_scores_as_a_bank_of_its_own(metric, whitening, upsampling):
    shared = {"metric": metric, "whitening": whitening, "target_upsampling": upsampling}
    configs = [
        MemoryBankConfig(k=k, density=density, density_k=density_k, **shared)
        for k, density, density_k in itertools.product((1, 3, 8, 500), ("none", "nearest", "least"), (1, 4, 300))
    ]
    for config, scores in zip(configs, bank_scores(configs, NORMALS, DOMAINS, QUERIES), strict=True):
        expected = MemoryBank(config).fit(NORMALS, DOMAINS).anomaly_score(QUERIES)
        assert_allclose(scores, expected, rtol=1e-12, err_msg=str(config))


def test_copies_and_a_single_clip_are_as_in_a_bank_of_their_own():
    for normals in (np.repeat(NORMALS[:4], 5, axis=0), NORMALS[:1]):
        domains = np.full(len(normals), "source")
        configs = [MemoryBankConfig(k=k, density=d) for k in (1, 2) for d in ("none", "nearest", "least")]
        found = bank_scores(configs, normals, domains, QUERIES)
        expected = [MemoryBank(config).fit(normals, domains).anomaly_score(QUERIES) for config in configs]
        assert_allclose(found, expected, rtol=1e-12)


def test_embeddings_that_are_not_finite_are_refused_as_ever():
    with pytest.raises(AsdError, match="1 of 25 embeddings are not finite"):
        bank_scores([MemoryBankConfig()], NORMALS, DOMAINS, np.where(np.arange(25)[:, None] == 3, np.nan, QUERIES))
