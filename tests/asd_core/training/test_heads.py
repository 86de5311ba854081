import pytest
import torch

from asd_core.errors import UsageError
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.heads import new_heads
from asd_core.training.mixing import feature_exchange

DIMS = (4, 3, 2)
TARGETS = torch.eye(3)[torch.tensor([0, 1, 2, 0, 1])]


def drawn(seed=0):
    return torch.Generator().manual_seed(seed)


def embeddings():
    return torch.randn(5, sum(DIMS), generator=drawn(1)).requires_grad_()


def test_the_main_loss_alone_has_fixed_centres():
    heads = new_heads(TrainingConfig(), DIMS, 3, seed=0)
    x = embeddings()
    assert torch.equal(heads.loss(x, TARGETS, drawn()), heads.main(x, TARGETS))
    assert not list(heads.parameters())
    assert list(new_heads(TrainingConfig(trainable_centres=True), DIMS, 3, seed=0).parameters())


def test_subspace_losses_are_those_of_the_branches_added_up_and_have_few_parameters():
    heads = new_heads(TrainingConfig(extra_loss="subspace", extra_weight=0.5), DIMS, 3, seed=0)
    x = embeddings()
    branches = [loss(part, TARGETS) for loss, part in zip(heads.extra, x.split(DIMS, dim=1), strict=True)]
    expected = heads.main(x, TARGETS) + 0.5 * sum(branches)
    torch.testing.assert_close(heads.loss(x, TARGETS, drawn()), expected)
    assert sum(p.numel() for p in heads.parameters()) == 16 * 3 * sum(DIMS)  # D C M centres of 16 each


def test_featex_is_a_loss_over_more_classes_of_exchanged_branches():
    heads = new_heads(TrainingConfig(extra_loss="featex"), DIMS, 3, seed=0)
    x = embeddings()
    expected = heads.main(x, TARGETS) + heads.extra[0](*feature_exchange(x, DIMS, TARGETS, 0.5, drawn(5)))
    torch.testing.assert_close(heads.loss(x, TARGETS, drawn(5)), expected)
    assert sum(p.numel() for p in heads.parameters()) == 16 * 3 * (len(DIMS) + 1) * sum(DIMS)


@pytest.mark.parametrize("extra", ["featex", "subspace"])
def test_gradients_reach_the_network_and_the_centres_that_are_trained(extra):
    heads, x = new_heads(TrainingConfig(extra_loss=extra), DIMS, 3, seed=0), embeddings()
    heads.loss(x, TARGETS, drawn()).backward()
    assert x.grad.abs().sum() > 0
    assert all(p.grad.abs().sum() > 0 for p in heads.parameters())


def test_a_seed_draws_the_same_centres():
    one, other = (new_heads(TrainingConfig(extra_loss="subspace"), DIMS, 3, seed=7).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert not torch.equal(one["main.centres"], new_heads(TrainingConfig(), DIMS, 3, seed=8).main.centres)


def test_arcface_has_class_probabilities_too():
    heads = new_heads(TrainingConfig(loss="arcface", mixup=0, extra_loss="subspace"), DIMS, 3, seed=0)
    x = embeddings()
    torch.testing.assert_close(heads.log_probabilities(x).exp().sum(dim=1), torch.ones(5))
    assert torch.isfinite(heads.loss(x, TARGETS, drawn()))


@pytest.mark.parametrize(
    ("options", "dims", "message"),
    [
        ({"loss": "arcface"}, DIMS, "set training.mixup = 0"),
        ({"loss": "arcface", "mixup": 0, "extra_loss": "featex"}, DIMS, 'take loss = "scac"'),
        ({"extra_loss": "featex"}, (4,), "this network has one"),
        ({"extra_loss": "featex", "featex_exchanges": "second"}, DIMS, "this network has 3"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(options, dims, message):
    with pytest.raises(UsageError, match=message):
        new_heads(TrainingConfig(**options), dims, 3, seed=0)
