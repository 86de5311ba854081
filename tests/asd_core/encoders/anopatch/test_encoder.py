from dataclasses import asdict, replace

import numpy as np
import pytest
import torch
from safetensors.torch import save

from asd_core.encoders.anopatch.encoder import AnopatchEncoder
from asd_core.encoders.anopatch.shapes import SHAPES
from asd_core.encoders.build import embeddings_fingerprint, encoder_config, encoder_note, named_groups, new_encoder
from asd_core.encoders.checkpoint_files import Checkpoint, TrainedEncoder, tensors_digest, trained_table
from asd_core.encoders.trainable import encoder_table, is_trainable
from asd_core.errors import AsdError, UsageError
from asd_core.recipe.recipe import load_recipe

TINY = AnopatchEncoder(weights="random", size="tiny")
WAVEFORMS = (np.random.default_rng(0).random((3, 6_400)) - 0.5).astype(np.float32)


@pytest.fixture
def trained(tmp_path):
    """Write what ``asd train`` writes, with two checkpoints; return its ``[encoder]`` table and the networks."""

    def write(**options):
        table = encoder_table(encoder_config({"kind": "anopatch", "weights": "random", "size": "tiny", **options}))
        networks = [AnopatchEncoder.new_network(table, seed).eval() for seed in (3, 4)]
        for network in networks:
            for value in network.parameters():
                value.data += 0.01 * torch.rand(value.shape)
        kept = tuple(Checkpoint(f"epoch-{epoch}.safetensors", f"epoch {epoch}") for epoch in (1, 2))
        for one, network in zip(kept, networks, strict=True):
            (tmp_path / one.file).write_bytes(save(network.state_dict()))
        stored = {name: value for name, value in table.items() if name not in ("weights", "digest")}
        digest = tensors_digest([network.state_dict() for network in networks], from_random=True)
        described = TrainedEncoder(digest, stored, kept, 256, 16_000).to_json()
        (tmp_path / "encoder.json").write_bytes(described)
        return trained_table(str(tmp_path)), networks

    return write


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("backbone", SHAPES)
def test_embeddings_are_the_networks_output_at_unit_length_alike_in_any_batch(backbone):
    encoder = replace(TINY, backbone=backbone)
    network = AnopatchEncoder.new_network(asdict(encoder), 0).eval()
    with torch.inference_mode():
        expected = unit(network(torch.from_numpy(WAVEFORMS)).numpy())
    made = encoder.embed(WAVEFORMS)
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5)
    assert made.dtype == np.float32 and made.shape == (3, encoder.embedding_dim)
    assert np.array_equal(encoder.embed(WAVEFORMS[1:2]), made[1:2])


@pytest.mark.parametrize("lora_rank", [0, 4])
def test_trained_checkpoints_stand_side_by_side(trained, lora_rank):
    table, networks = trained(lora_rank=lora_rank)
    encoder = new_encoder(encoder_config(table))
    with torch.inference_mode():
        parts = [unit(network(torch.from_numpy(WAVEFORMS)).numpy()) for network in networks]
    np.testing.assert_allclose(encoder.embed(WAVEFORMS), np.hstack(parts), rtol=1e-4, atol=1e-5)
    assert encoder.embedding_dim == 256
    assert named_groups(encoder_config(table)) == (("epoch 1", 128), ("epoch 2", 128))


def test_trained_weights_are_named_by_their_digest_wherever_they_lie(trained, tmp_path):
    table, _ = trained()
    moved = encoder_config({**table, "weights": "s3://elsewhere/trained"})
    assert embeddings_fingerprint(moved) == embeddings_fingerprint(encoder_config(table))
    assert "trained from random weights" in encoder_note(moved)
    by_folder = AnopatchEncoder(weights=str(tmp_path), size="tiny")
    assert by_folder.fingerprint == new_encoder(moved).fingerprint and by_folder.note == encoder_note(moved)


def test_training_goes_on_from_the_last_checkpoint_of_a_trained_folder(trained, tmp_path):
    table, networks = trained()
    started = AnopatchEncoder.new_network({**table, "digest": ""}, 9).state_dict()
    assert all(torch.equal(value, started[name]) for name, value in networks[-1].state_dict().items())


def test_the_fingerprint_follows_all_that_changes_an_embedding():
    changes = [
        {"backbone": "wavlm"},
        {"weights": "random:1"},
        {"shape": '{"encoder_layers": 1}'},
        {"pooling": "mean"},
        {"bottleneck": 64},
        {"global_context": False},
        {"batch_norm": False},
        {"output_dim": 64},
        {"precision": "bf16"},
        {"precision": "bf16-cuda"},
    ]
    assert len({replace(TINY, **change).fingerprint for change in [{}, *changes]}) == 1 + len(changes)
    same = [{"device": "cuda"}, {"dropout": 0.0}, {"weights": "random:0"}, {"lora_rank": 4}]
    assert {replace(TINY, **change).fingerprint for change in same} == {TINY.fingerprint}


def test_bf16_is_near_float32():
    rough = replace(TINY, precision="bf16").embed(WAVEFORMS)
    assert rough.dtype == np.float32 and np.abs(rough - TINY.embed(WAVEFORMS)).max() < 0.03


def test_bf16_of_the_other_device_is_refused():
    with pytest.raises(AsdError, match='"bf16-cuda" gives other embeddings than bf16 on a CPU: take "bf16"'):
        replace(TINY, precision="bf16-cuda").embed(WAVEFORMS)


@pytest.mark.gpu
@pytest.mark.parametrize("backbone", SHAPES)
def test_a_gpu_embeds_as_the_cpu_does(backbone):
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    encoder = replace(TINY, backbone=backbone)
    exact = encoder.embed(WAVEFORMS)
    theirs = replace(encoder, device="cuda").embed(WAVEFORMS)
    rough = replace(encoder, device="cuda", precision="bf16-cuda").embed(WAVEFORMS)
    assert np.linalg.norm(theirs - exact, axis=1).max() < 1e-4
    assert rough.dtype == np.float32 and np.linalg.norm(rough - exact, axis=1).max() < 0.03


def test_untrained_weights_say_so(tmp_path):
    assert TINY.note.startswith("random weights (seed 0): a trial run")
    assert AnopatchEncoder(weights="BEATs_iter3.pt").note.startswith("untrained: pooling and projection are random")


def test_no_weights_is_one_line():
    config = encoder_config({"kind": "anopatch"})
    for asked in (lambda: embeddings_fingerprint(config), lambda: new_encoder(config).embed(WAVEFORMS)):
        with pytest.raises(UsageError, match=r"set encoder\.weights, such as to the path of BEATs_iter3\.pt"):
            asked()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"clip_seconds": 31.0}, "between 0.2 and 30 for beats, got 31"),
        ({"clip_seconds": 11.0, "backbone": "ast"}, "between 0.2 and 10.26 for ast, got 11"),
        ({"output_dim": 0}, r"encoder\.output_dim = 0"),
        ({"backbone": "bets"}, "did you mean 'beats'"),
        ({"weights": "random:x"}, "the seed must be a whole number"),
        ({"shape": '{"layers": 2}'}, "did you mean 'encoder_layers'"),
    ],
)
def test_settings_that_cannot_be_are_one_line(table, message):
    with pytest.raises(UsageError, match=message):
        encoder_config({"kind": "anopatch", **table})


def test_the_recipes_are_the_papers_network_and_one_for_trials():
    encoders = {name: load_recipe(name).for_machine("").encoder for name in ("anopatch", "anopatch-random")}
    assert all(is_trainable(config) for config in encoders.values())
    assert new_encoder(encoders["anopatch"]) == AnopatchEncoder()
    assert new_encoder(encoders["anopatch-random"]) == TINY


@pytest.mark.slow
def test_the_papers_shape_embeds_and_learns():
    encoder = AnopatchEncoder(weights="random")
    made = encoder.embed(WAVEFORMS[:2])
    np.testing.assert_allclose(np.linalg.norm(made, axis=1), 1.0, rtol=1e-5)
    network = AnopatchEncoder.new_network(asdict(encoder), 0).train()
    before = network.projection.weight.detach().clone()
    optimiser = torch.optim.AdamW(network.parameters(), 1e-4)
    network(torch.from_numpy(WAVEFORMS)).square().sum().backward()
    optimiser.step()
    assert all(value.grad is not None and torch.isfinite(value.grad).all() for value in network.parameters())
    assert not torch.equal(network.projection.weight, before)
