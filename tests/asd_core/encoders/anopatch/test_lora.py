import pytest
import torch
from torch import nn

from asd_core.encoders.anopatch.lora import add_lora, lora_parameters, merge_lora
from asd_core.errors import UsageError


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(5, 4) for _ in range(3))

    def forward(self, x):
        # One layer is called, the other's weight is read, as WavLM does.
        return self.q_proj(x) + self.k_proj(x) + nn.functional.linear(x, self.v_proj.weight, self.v_proj.bias)


@pytest.fixture
def attention():
    torch.manual_seed(0)
    return Attention()


def test_it_changes_nothing_at_first(attention):
    x = torch.randn(3, 5)
    before = attention(x)
    assert add_lora(attention, 2, 2.0) == 2
    assert torch.equal(attention(x), before)


def test_it_adds_the_scaled_product_to_queries_and_values(attention):
    x, weight = torch.randn(3, 5), attention.q_proj.weight.detach().clone()
    add_lora(attention, 2, 6.0, names=("q_proj",))
    down, up = lora_parameters(attention)
    nn.init.normal_(up)
    expected = nn.functional.linear(x, weight + 3.0 * up @ down, attention.q_proj.bias)
    torch.testing.assert_close(attention.q_proj(x), expected)


def test_merged_equals_unmerged_and_nothing_of_it_is_left(attention):
    names = set(attention.state_dict())
    add_lora(attention, 2, 2.0)
    for value in lora_parameters(attention):
        nn.init.normal_(value)
    x = torch.randn(3, 5)
    unmerged = attention(x)
    merge_lora(attention)
    torch.testing.assert_close(attention(x), unmerged)
    assert set(attention.state_dict()) == names and not lora_parameters(attention)


def test_both_factors_learn(attention):
    add_lora(attention, 2, 2.0)
    for value in lora_parameters(attention):
        nn.init.normal_(value)
    attention(torch.randn(3, 5)).square().sum().backward()
    assert all(value.grad.abs().sum() > 0 for value in lora_parameters(attention))


def test_a_module_without_such_layers_is_refused():
    with pytest.raises(UsageError, match="lora_rank = 8: this backbone has no layers q_proj"):
        add_lora(nn.Linear(2, 2), 8, 8.0)
