import pytest
import torch

from asd_core.encoders.anopatch.lora import lora_parameters
from asd_core.encoders.anopatch.masking import SpecAugment
from asd_core.encoders.anopatch.network import AnopatchNetwork
from asd_core.encoders.anopatch.pretrained import new_backbone
from asd_core.encoders.anopatch.shapes import SHAPES
from asd_core.errors import UsageError
from tests.asd_core.encoders.anopatch.two_workers import averaged, distance, gradients, gradients_of_workers, model

WAVEFORMS = torch.rand(3, 6_400, generator=torch.Generator().manual_seed(0)) - 0.5


def network(kind="beats", **options):
    torch.manual_seed(2)
    return AnopatchNetwork(new_backbone(kind, "random", 0, size="tiny"), **options)


@pytest.mark.parametrize("kind", SHAPES)
def test_every_backbone_gives_one_branch_of_128_numbers(kind):
    made = network(kind).eval()
    assert made(WAVEFORMS).shape == (3, 128) and made.branch_dims == (128,)
    torch.testing.assert_close(made(WAVEFORMS[1:2]), made(WAVEFORMS)[1:2], rtol=1e-4, atol=1e-5)


def test_ast_stands_on_its_class_tokens_and_the_others_on_attentive_statistics():
    assert [network(kind).pooling is None for kind in SHAPES] == [kind == "ast" for kind in SHAPES]
    made = network("ast").eval()
    tokens = made.backbone(made.backbone.features(WAVEFORMS))
    torch.testing.assert_close(made(WAVEFORMS), made.projection(tokens[:, :2].mean(dim=1)))
    assert network("ast", pooling="attentive").pooling is not None


def test_the_mean_is_over_the_tokens_of_the_sound():
    made = network("ast", pooling="mean").eval()
    tokens = made.backbone(made.backbone.features(WAVEFORMS))
    torch.testing.assert_close(made(WAVEFORMS), made.projection(tokens[:, 2:].mean(dim=1)))


def test_spectrograms_are_masked_in_training_alone():
    made = network(pooling="mean").eval()
    clear = made(WAVEFORMS)
    made.masking = SpecAugment(128, 38, 1.0)
    assert torch.equal(made(WAVEFORMS), clear)
    made.masking.train()
    made.training = True  # the backbone's dropout stays off
    assert not torch.allclose(made(WAVEFORMS), clear)


def test_a_backbone_that_hears_waveforms_has_no_place_for_masks():
    assert [hasattr(network(kind), "masking") for kind in ("beats", "ast", "wavlm")] == [True, True, False]


@pytest.mark.parametrize("kind", [kind for kind in SHAPES if kind != "efficientat"])
@pytest.mark.parametrize("part", ["all", "head", "lora"])
def test_gradients_reach_the_part_that_is_trained(kind, part):
    made = network(kind, lora_rank=3)
    made.train_only(part)
    made.train()(WAVEFORMS).square().sum().backward()
    reached = {name for name, value in made.named_parameters() if value.grad is not None}
    head = {name for name, _ in made.named_parameters() if name.startswith(("pooling", "projection"))}
    low_rank = {name for name, _ in made.named_parameters() if name.endswith((".up", ".down"))}
    assert len(low_rank) == len(lora_parameters(made)) == 8
    assert reached == {"head": head, "lora": head | low_rank, "all": {n for n, _ in made.named_parameters()}}[part]


def test_efficientat_is_trained_whole_or_by_its_head_and_has_no_place_for_lora():
    made = network("efficientat").train()
    made.train_only("all")
    made(WAVEFORMS).square().sum().backward()
    assert all(value.grad is not None for value in made.parameters())
    with pytest.raises(UsageError, match="this backbone has no layers"):
        network("efficientat", lora_rank=3)


def test_training_lora_alone_needs_a_lora():
    with pytest.raises(UsageError, match=r"needs encoder\.lora_rank"):
        network().train_only("lora")


def test_bf16_is_near_float32_and_its_embeddings_are_float32():
    made = network().eval()
    with torch.inference_mode():
        exact = made(WAVEFORMS)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            rough = made(WAVEFORMS)
    assert rough.dtype == torch.float32
    assert (rough - exact).norm() < 0.03 * exact.norm()


@pytest.mark.slow
def test_two_workers_have_the_gradients_of_one_where_batch_statistics_are_frozen(tmp_path):
    alone = gradients(model(is_frozen=True))
    together = gradients_of_workers(2, tmp_path, is_frozen=True)
    assert together.keys() == alone.keys()
    largest = max(float(value.abs().max()) for value in alone.values())
    for name, value in alone.items():  # those of the keys' biases are zero but for rounding
        scale = max(float(value.abs().max()), 1e-3 * largest)
        torch.testing.assert_close(together[name], value, rtol=0, atol=1e-4 * scale)


def test_statistics_of_each_workers_own_part_change_gradients_a_little():
    assert 1e-3 < distance(averaged(False, workers=2), gradients(model(is_frozen=False))) < 0.3
    assert distance(averaged(True, workers=2), gradients(model(is_frozen=True))) < 1e-5
