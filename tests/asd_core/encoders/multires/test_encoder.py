import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import save

from asd_core.encoders.build import encoder_config, encoder_note, named_groups, new_encoder
from asd_core.encoders.checkpoint_files import Checkpoint, TrainedEncoder, tensors_digest
from asd_core.encoders.multires.encoder import MultiresEncoder
from asd_core.encoders.trainable import encoder_table, is_trainable
from asd_core.errors import AsdError, ClipError, UsageError

SHAPE = {"kind": "multires", "stft": [256], "spectrum": False, "channels": 16, "embedding": 4, "clip_seconds": 1.0}
NOISE = np.random.default_rng(0).standard_normal((2, 16_000)).astype(np.float32) / 10


def write_trained(folder, seeds=(1, 2)):
    """A folder as ``asd train`` writes it, of networks with random weights."""
    table = encoder_table(encoder_config(SHAPE))
    states = [MultiresEncoder.new_network(table, seed).state_dict() for seed in seeds]
    folder.mkdir()
    for seed, state in zip(seeds, states, strict=True):
        (folder / f"epoch-{seed}.safetensors").write_bytes(save(dict(state)))
    kept = tuple(Checkpoint(f"epoch-{seed}.safetensors", f"epoch {seed}") for seed in seeds)
    trained = TrainedEncoder(tensors_digest(states), table, kept, 4 * len(seeds), 16_000, ("a", "b"))
    (folder / "encoder.json").write_bytes(trained.to_json())
    return trained


def encoder(**options):
    return new_encoder(encoder_config({**SHAPE, **options}))


def test_random_weights_of_a_seed_give_unit_embeddings_and_a_note():
    config = encoder_config({**SHAPE, "weights": "random:3"})
    made = new_encoder(config)
    rows = made.embed(NOISE)
    assert rows.shape == (2, made.embedding_dim) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)
    assert np.array_equal(made.embed(NOISE[1:2]), rows[1:2])
    network = MultiresEncoder.new_network(encoder_table(config), 3).eval()
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(network(torch.from_numpy(NOISE)))
    np.testing.assert_allclose(rows, expected, atol=1e-6)
    assert "random weights (seed 3)" in encoder_note(config) and is_trainable(config)


def test_a_trained_encoder_puts_its_checkpoints_side_by_side(tmp_path):
    trained = write_trained(tmp_path / "net")
    config = encoder_config({**SHAPE, "weights": str(tmp_path / "net"), "digest": trained.digest})
    rows = new_encoder(config).embed(NOISE)
    for n, seed in enumerate((1, 2)):
        alone = encoder(weights=f"random:{seed}").embed(NOISE)
        np.testing.assert_allclose(rows[:, 4 * n : 4 * n + 4], alone, atol=1e-6)
    assert named_groups(config) == (("epoch 1", 4), ("epoch 2", 4)) and new_encoder(config).embedding_dim == 8
    assert encoder_note(config) == ""


def test_training_may_start_from_the_last_checkpoint_of_another(tmp_path):
    write_trained(tmp_path / "net")
    table = {**encoder_table(encoder_config(SHAPE)), "weights": str(tmp_path / "net")}
    started = MultiresEncoder.new_network(table, 0).state_dict()
    last = MultiresEncoder.new_network({**table, "weights": ""}, 2).state_dict()
    assert all(torch.equal(started[name], last[name]) for name in last)


def test_the_fingerprint_is_of_digest_seed_and_shape_and_not_of_the_place(tmp_path):
    trained = write_trained(tmp_path / "net")
    here = encoder(weights=str(tmp_path / "net"), digest=trained.digest)
    assert dataclasses.replace(here, weights="/moved").fingerprint == here.fingerprint
    assert dataclasses.replace(here, digest="").fingerprint == here.fingerprint
    others = [encoder(weights="random"), encoder(weights="random:1"), dataclasses.replace(here, digest="other")]
    others += [dataclasses.replace(here, padding="constant"), dataclasses.replace(here, f_min=100.0)]
    assert len({one.fingerprint for one in [here, *others]}) == 6


def test_before_it_is_trained_it_embeds_nothing_and_says_how_to_train_it():
    for act in (encoder().load, lambda: encoder().embed(NOISE), lambda: encoder().fingerprint):
        with pytest.raises(UsageError, match="not trained yet: asd train ARCHIVE --recipe multires --as NAME"):
            act()


def test_weights_that_do_not_fit_are_refused(tmp_path):
    trained = write_trained(tmp_path / "net")
    with pytest.raises(AsdError, match="not those that were trained"):
        encoder(weights=str(tmp_path / "net"), digest="0" * 16).load()
    with pytest.raises(UsageError, match=r"there is no encoder.json"):
        encoder(weights=str(tmp_path / "nothing")).load()
    with pytest.raises(ClipError, match="trained with 1 s at once, not 0.5 s"):
        encoder(weights=str(tmp_path / "net"), digest=trained.digest).embed(NOISE[:, :8000])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"clip_rule": "crop"}, "leaves short clips short"),
        ({"clip_seconds": 0.1}, "too few for a branch"),
        ({"weights": "random:x"}, "must be a whole number"),
        ({"chanels": 8}, "did you mean 'channels'"),
    ],
)
def test_a_table_that_cannot_be_is_refused(options, message):
    with pytest.raises(UsageError, match=message):
        encoder_config({**SHAPE, **options})
