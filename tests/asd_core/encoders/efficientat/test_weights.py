import hashlib
import pickle

import pytest
import torch

from asd_core.encoders.efficientat.variants import Variant
from asd_core.encoders.efficientat.weights import (
    classes_digest,
    features_digest,
    fetched,
    load_network,
    network_tensors,
    random_network,
)
from asd_core.errors import AsdError, UsageError


@pytest.fixture
def checkpoint(tmp_path):
    path = tmp_path / "mn01_as_mAP_298.pt"
    torch.save(random_network(0.1, 3).state_dict(), path)
    return path


def test_a_path_may_be_the_file_or_its_folder(checkpoint):
    for source in (checkpoint, checkpoint.parent):
        state = load_network(str(source), "mn01_as").state_dict()
        torch.testing.assert_close(state, random_network(0.1, 3).state_dict())


def test_random_weights_are_the_same_for_a_seed_and_leave_torchs_own_draws_alone():
    before = torch.get_rng_state()
    assert features_digest("random:4", "mn01_as") == features_digest("random:4", "mn01_as")
    assert features_digest("random:4", "mn01_as") != features_digest("random", "mn01_as")
    assert torch.equal(before, torch.get_rng_state())


def test_signals_neither_vanish_nor_explode_in_a_random_network():
    made = random_network(0.4, 0)(torch.randn(2, 1, 128, 100))
    assert 1e-3 < made.std() < 1e3


def test_the_classifier_changes_the_digest_of_classes_alone(checkpoint):
    digests = [features_digest(str(checkpoint), "mn01_as"), classes_digest(str(checkpoint), "mn01_as")]
    tensors = network_tensors(str(checkpoint), "mn01_as")
    tensors["classifier.5.bias"] = tensors["classifier.5.bias"] + 1
    torch.save(tensors, checkpoint.with_name("other.pt"))
    other = str(checkpoint.with_name("other.pt"))
    assert features_digest(other, "mn01_as") == digests[0] and classes_digest(other, "mn01_as") != digests[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features.0.0.weight": torch.zeros(3)}, r"has another shape \(3,\) of the tensor features.0.0.weight"),
        ({"features.99.weight": torch.zeros(3)}, "has the tensor 'features.99.weight', which mn01_as has not"),
        ({"features.0.0.weight": None}, "lacks the tensor features.0.0.weight"),
    ],
)
def test_every_tensor_must_have_the_networks_name_and_shape(checkpoint, change, message):
    tensors = {**torch.load(checkpoint, weights_only=True), **change}
    torch.save({name: tensor for name, tensor in tensors.items() if tensor is not None}, checkpoint)
    with pytest.raises(AsdError, match=message):
        load_network(str(checkpoint), "mn01_as")


def test_a_file_that_could_run_code_is_refused_and_runs_none(checkpoint):
    class Harm:
        def __reduce__(self):
            return (checkpoint.with_name("ran").touch, ())

    checkpoint.write_bytes(pickle.dumps(Harm()))
    with pytest.raises(AsdError, match="anything that could run code is refused"):
        load_network(str(checkpoint), "mn01_as")
    assert not checkpoint.with_name("ran").exists()


def test_a_path_without_a_file_is_told_with_the_way_out(tmp_path):
    with pytest.raises(UsageError, match="there is no file .*mn04_as_mAP_432.pt; write its path, or hub"):
        features_digest(str(tmp_path), "mn04_as")


def test_a_file_is_fetched_once_into_the_cache(tmp_path):
    release, cache = tmp_path / "release", tmp_path / "cache"
    release.mkdir()
    (release / "a.pt").write_bytes(b"tensors")
    wanted = Variant(1.0, "a.pt", hashlib.sha256(b"tensors").hexdigest())
    assert fetched(wanted, cache, f"{release.as_uri()}/").read_bytes() == b"tensors"
    (release / "a.pt").unlink()
    assert fetched(wanted, cache, f"{release.as_uri()}/").read_bytes() == b"tensors"
    assert [path.name for path in cache.iterdir()] == ["a.pt"]


def test_a_file_of_another_checksum_is_refused(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"other")
    with pytest.raises(AsdError, match="a.pt is not the public file: its SHA-256 is .* delete it"):
        fetched(Variant(1.0, "a.pt", "0" * 64), tmp_path)


def test_a_file_that_cannot_be_fetched_is_told_with_the_way_out(tmp_path):
    with pytest.raises(AsdError, match="cannot get file:.*download it elsewhere and give its path"):
        fetched(Variant(1.0, "a.pt"), tmp_path / "cache", f"{(tmp_path / 'none').as_uri()}/")
