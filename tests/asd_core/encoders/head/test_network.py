import numpy as np
import pytest
import torch

from asd_core.encoders.head.arrays import head_embeddings
from asd_core.encoders.head.network import HeadNetwork, HeadShape
from asd_core.errors import UsageError
from tests.heads import arrays_of, normed

SHAPES = [HeadShape((), 3), HeadShape((5,), 3), HeadShape((7, 5), 4, 2), HeadShape((5,), 2, 4)]


def rows(count=20, dim=8, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dim))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("is_whitened", [False, True])
def test_the_plain_arrays_give_what_the_network_gives(shape, is_whitened):
    whitening = rows(8 * 8 // shape.branches, 1).reshape(shape.branches, -1, 8 // shape.branches)
    network = normed(HeadNetwork(8, shape, 0, whitening if is_whitened else None))
    with torch.no_grad():
        expected = network(torch.from_numpy(rows().astype(np.float32)))
    expected = torch.nn.functional.normalize(expected).numpy()
    np.testing.assert_allclose(head_embeddings(arrays_of(network), rows().astype(np.float32)), expected, atol=1e-6)


def test_a_grouped_layer_is_a_linear_layer_for_each_branch():
    shape = HeadShape((), 3, branches=2)
    network = HeadNetwork(8, shape, 0)
    (layer,) = network.layers
    values = torch.from_numpy(rows().astype(np.float32))
    parts = [values[:, branch::2] @ layer.weight[branch] + layer.bias[branch] for branch in range(2)]
    torch.testing.assert_close(network(values), torch.cat(parts, dim=1))
    assert network.branch_dims == (3, 3)


def test_a_branch_takes_every_number_of_its_column():
    columns = HeadShape(branches=8).columns(480).T
    np.testing.assert_array_equal(columns, np.arange(480).reshape(60, 8))
    with pytest.raises(UsageError, match="head_branches = 7 does not divide embeddings of 480 numbers"):
        HeadShape(branches=7).columns(480)


def test_the_seed_draws_the_weights():
    weights = [HeadNetwork(8, SHAPES[1], seed).layers[0].weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])
