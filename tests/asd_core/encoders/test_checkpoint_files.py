import pytest
import torch
from safetensors.torch import save

from asd_core.encoders.checkpoint_files import (
    Checkpoint,
    TrainedEncoder,
    load_tensors,
    read_tensors,
    read_trained,
    tensors_digest,
    trained_networks,
    trained_table,
)
from asd_core.errors import AsdError, UsageError
from tests.tiny_encoder import TinyEncoder


def write_trained(folder, seeds=(0, 1), width=4):
    """A folder as ``asd train`` writes it, of networks with random weights."""
    folder.mkdir(parents=True)
    table = {"kind": "tests.tiny_encoder:TinyEncoder", "width": width}
    states = [TinyEncoder.new_network(table, seed).state_dict() for seed in seeds]
    for seed, state in zip(seeds, states, strict=True):
        (folder / f"epoch-{seed}.safetensors").write_bytes(save(dict(state)))
    kept = tuple(Checkpoint(f"epoch-{seed}.safetensors", f"epoch {seed}") for seed in seeds)
    trained = TrainedEncoder(tensors_digest(states), table, kept, 2 * width * len(seeds), 16_000, ("a", "b"))
    (folder / "encoder.json").write_bytes(trained.to_json())
    return trained


def test_a_trained_encoder_is_read_as_it_was_written(tmp_path):
    trained = write_trained(tmp_path / "tiny")
    assert read_trained(str(tmp_path / "tiny")) == trained
    networks = trained_networks(str(tmp_path / "tiny"), trained.digest, TinyEncoder.new_network)
    assert [name for name, _ in networks] == ["epoch 0", "epoch 1"]
    assert tensors_digest([network.state_dict() for _, network in networks]) == trained.digest
    assert trained_table(str(tmp_path / "tiny"))["digest"] == trained.digest


def test_a_digest_changes_with_every_number_and_with_the_order():
    one, two = {"w": torch.zeros(2)}, {"w": torch.ones(2)}
    assert len({tensors_digest(some) for some in ([one], [two], [one, two], [two, one])}) == 4
    assert tensors_digest([one], from_random=True) == "random-" + tensors_digest([one])


def test_files_that_are_none_of_ours_are_one_line(tmp_path):
    with pytest.raises(UsageError, match="no encoder.json in that folder"):
        read_trained(str(tmp_path / "nothing"))
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "encoder.json").write_text('{"format": 1}')
    with pytest.raises(AsdError, match="no description of a trained encoder"):
        read_trained(str(tmp_path / "foreign"))
    (tmp_path / "foreign" / "epoch-1.safetensors").write_text("no tensors")
    with pytest.raises(AsdError, match="cannot be read as tensors"):
        read_tensors(str(tmp_path / "foreign"), "epoch-1.safetensors")


def test_tensors_of_another_shape_or_digest_are_refused_with_the_first_of_them(tmp_path):
    trained = write_trained(tmp_path / "tiny")
    wide = TinyEncoder.new_network({"width": 5}, 0)
    with pytest.raises(AsdError, match=r"another network: one.weight has the shape \(4, 32\).*and 3 more"):
        load_tensors(wide, read_tensors(str(tmp_path / "tiny"), "epoch-0.safetensors"), "here")
    with pytest.raises(AsdError, match="norm.weight is missing"):
        load_tensors(wide, {}, "here")
    with pytest.raises(AsdError, match=f"not those that were trained .{trained.digest}."):
        trained_networks(str(tmp_path / "tiny"), "0123", TinyEncoder.new_network)
