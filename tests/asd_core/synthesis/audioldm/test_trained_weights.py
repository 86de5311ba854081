from copy import deepcopy
from dataclasses import replace

import torch

from asd_core.synthesis.audioldm.trained_weights import lora_part, trained_part
from tests.asd_core.synthesis.audioldm.tiny import TINY, tiny_components


def moving(trains):
    unet = deepcopy(tiny_components().unet)
    part = trained_part(unet, replace(TINY, trains=trains, lora_rank=2))
    return unet, part, {name for name, value in unet.named_parameters() if value.requires_grad}


def test_unet_moves_every_weight_of_the_network():
    unet, part, names = moving("unet")
    assert part is unet and names == {name for name, _ in unet.named_parameters()}


def test_nothing_moves_nothing():
    unet, part, names = moving("nothing")
    assert not names and not list(part.parameters())


def test_lora_moves_the_additions_to_queries_and_values_alone():
    unet, part, names = moving("lora")
    assert names and all(".to_q." in name or ".to_v." in name for name in names)
    assert all(name.endswith((".down", ".up")) for name in names)
    assert {id(value) for value in part.parameters()} == {
        id(value) for value in unet.parameters() if value.requires_grad
    }
    assert all(value.shape[0 if name.endswith("down") else 1] == 2 for name, value in part.named_parameters())


def test_a_network_with_new_additions_computes_what_it_did():
    unet, _, _ = moving("lora")
    noisy = torch.randn(1, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    led_by = torch.ones(1, 32)
    with torch.no_grad():
        made = unet(noisy, torch.tensor([7]), None, class_labels=led_by).sample
        expected = tiny_components().unet(noisy, torch.tensor([7]), None, class_labels=led_by).sample
    assert torch.allclose(made, expected, atol=1e-6)
    assert set(lora_part(unet).state_dict()) == set(moving("lora")[1].state_dict())
