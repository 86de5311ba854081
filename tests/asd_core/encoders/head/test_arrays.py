import numpy as np
import pytest
import torch

from asd_core.encoders.head.arrays import class_log_probabilities, class_nll, head_embeddings, standardised
from asd_core.encoders.head.network import HeadNetwork, HeadShape
from asd_core.errors import AsdError
from asd_core.training.losses import SubClusterAdaCos
from tests.heads import arrays_of, normed

ROWS = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32)


def head(**changes):
    return arrays_of(normed(HeadNetwork(8, HeadShape((5,), 4, 2), 0)), **changes)


def test_powers_are_taken_in_logarithms_and_every_number_by_its_mean_and_deviation():
    arrays = head(logarithm=True) | {"mean": np.full(8, 2.0), "deviation": np.full(8, 3.0)}
    powers = np.exp(ROWS)
    powers[0, 0] = 0
    np.testing.assert_allclose(standardised(arrays, powers), (np.log(powers.astype(np.float64) + 1e-12) - 2) / 3)


def test_a_clip_has_the_same_numbers_in_any_batch():
    many = np.tile(ROWS, (200, 1))
    together = head_embeddings(head(), many)
    alone = np.concatenate([head_embeddings(head(), row[None]) for row in ROWS])
    np.testing.assert_allclose(together, np.tile(alone, (200, 1)), atol=1e-12)


def test_each_member_has_length_1():
    parts = head_embeddings(head(members=2), ROWS).reshape(20, 2, 4)
    np.testing.assert_allclose(np.linalg.norm(parts, axis=2), 1)


def test_class_probabilities_are_those_of_the_loss():
    arrays = head()
    own = head_embeddings(arrays, ROWS)
    loss = SubClusterAdaCos(8, 3, 2, torch.Generator(), scale=5.0)
    loss.centres.copy_(torch.from_numpy(arrays["centres"][0]))
    expected = loss.log_probabilities(torch.from_numpy(own.astype(np.float32))).numpy()
    np.testing.assert_allclose(class_log_probabilities(arrays, own), expected, atol=1e-5)


def test_members_count_alike_in_a_class_probability():
    arrays = head(members=2)
    own = head_embeddings(arrays, ROWS)
    each = [
        class_log_probabilities(arrays | {"centres": arrays["centres"][one : one + 1]}, own[:, 4 * one : 4 * one + 4])
        for one in range(2)
    ]
    np.testing.assert_allclose(class_log_probabilities(arrays, own), np.mean(each, axis=0))


def test_the_nll_is_minus_the_logarithm_of_the_sum_of_the_own_classes():
    arrays = head()
    own = head_embeddings(arrays, ROWS)
    probabilities = np.exp(class_log_probabilities(arrays, own))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(class_nll(arrays, own, np.array([0, 2])), -np.log(probabilities[:, [0, 2]].sum(axis=1)))
    np.testing.assert_allclose(class_nll(arrays, own, np.arange(3)), 0, atol=1e-12)


def test_embeddings_of_another_length_are_refused():
    with pytest.raises(AsdError, match=r"shape \(20, 7\), but the head was trained on embeddings of 8 numbers"):
        standardised(head(), ROWS[:, :7])
