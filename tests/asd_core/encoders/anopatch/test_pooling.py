import pytest
import torch
from speechbrain.lobes.models.ECAPA_TDNN import AttentiveStatisticsPooling

from asd_core.encoders.anopatch.pooling import AttentiveStatistics


def tokens(batch=3, count=11, width=6, seed=1):
    return torch.randn(batch, count, width, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("global_context", [True, False])
def test_it_equals_speechbrains_pooling_with_the_same_weights(global_context):
    torch.manual_seed(3)
    theirs = AttentiveStatisticsPooling(6, attention_channels=8, global_context=global_context)
    ours = AttentiveStatistics(6, bottleneck=8, global_context=global_context)
    hidden, norm, attention = theirs.tdnn.conv.conv, theirs.tdnn.norm.norm, theirs.conv.conv
    ours.load_state_dict(
        {
            "hidden.weight": hidden.weight[..., 0],
            "hidden.bias": hidden.bias,
            "attention.weight": attention.weight[..., 0],
            "attention.bias": attention.bias,
            **{f"norm.{name}": value for name, value in norm.state_dict().items()},
        }
    )
    torch.testing.assert_close(ours(tokens()), theirs(tokens().transpose(1, 2))[..., 0], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(ours.norm.running_var, norm.running_var)


def test_even_attention_gives_mean_and_population_deviation():
    pooling = AttentiveStatistics(6).eval()
    torch.nn.init.zeros_(pooling.attention.weight)
    expected = torch.cat([tokens().mean(dim=1), tokens().std(dim=1, correction=0)], dim=1)
    torch.testing.assert_close(pooling(tokens()), expected)
    assert pooling.out_dim == expected.shape[1]


def test_the_order_of_tokens_does_not_matter():
    pooling = AttentiveStatistics(6).eval()
    torch.testing.assert_close(pooling(tokens()), pooling(tokens().flip(1)))


def test_without_batch_norm_a_clip_is_pooled_alike_in_any_training_batch():
    pooling = AttentiveStatistics(6, batch_norm=False).train()
    torch.testing.assert_close(pooling(tokens())[:1], pooling(tokens()[:1]))


def test_equal_tokens_have_a_finite_gradient():
    same = torch.ones(2, 5, 6, requires_grad=True)
    AttentiveStatistics(6)(same).sum().backward()
    assert torch.isfinite(same.grad).all()


def test_autocast_leaves_it_in_float32():
    pooling = AttentiveStatistics(6).eval()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = pooling(tokens())
    assert torch.equal(made, pooling(tokens()))
