import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from asd_core.audio.decoding import decode
from asd_core.encoders.build import embeddings_fingerprint, encoder_config, encoder_note, new_encoder
from asd_core.encoders.checkpoint_files import Checkpoint, TrainedEncoder, tensors_digest
from asd_core.encoders.efficientat.encoder import EfficientAtEncoder
from asd_core.errors import ClipError, UsageError
from asd_core.pipeline.threads import one_thread

SMALL = EfficientAtEncoder("mn01_as", "random")
REFERENCE = json.loads(Path(__file__).with_name("reference_outputs.json").read_text())


def sounds(count=3, samples=16_000):
    return np.random.default_rng(0).standard_normal((count, samples)).astype(np.float32)


@pytest.mark.parametrize("reference", REFERENCE, ids=[one["clip"] for one in REFERENCE])
def test_classes_and_features_of_real_recordings_equal_the_reference_codes(real_data, reference):
    encoder = EfficientAtEncoder(weights=str(real_data / "efficientat_mn04"))
    data = (real_data / "dcase2020_task2_dev_subset" / reference["clip"]).read_bytes()
    waveform = decode(data, sample_rate=encoder.sample_rate).samples[None]
    expected = 1 / (1 + np.exp(-np.array(reference["logits"])))
    np.testing.assert_allclose(encoder.probabilities(waveform)[0], expected, atol=1e-5)
    np.testing.assert_allclose(encoder.embed(waveform)[0, :16], reference["features"], atol=1e-4)


def test_a_clip_gives_the_same_embedding_in_any_batch_and_order():
    alone = np.concatenate([SMALL.embed(clip[None]) for clip in sounds()])
    np.testing.assert_array_equal(SMALL.embed(sounds()[::-1])[::-1], alone)
    with torch.inference_mode():
        together = SMALL._networks[0](torch.from_numpy(sounds())).numpy()
    np.testing.assert_allclose(together, alone, rtol=1e-5, atol=1e-5 * np.abs(alone).max())


def test_an_embedding_has_the_length_that_is_told():
    for encoder in (SMALL, EfficientAtEncoder(weights="random")):
        assert encoder.embed(sounds(1)).shape == (1, encoder.embedding_dim)
    assert SMALL.probabilities(sounds(2)).shape == (2, 527)


def test_ten_seconds_take_less_than_a_sixth_of_a_cpu_second():
    encoder, clip = EfficientAtEncoder(weights="random"), sounds(1, 320_000)
    least = np.inf
    with one_thread():
        encoder.embed(clip)
        for _ in range(3):
            start = time.process_time()
            encoder.embed(clip)
            least = min(least, time.process_time() - start)
    assert least < 0.15


def test_a_recipe_may_write_name_for_the_network():
    written, full = ({"kind": "efficientat", "weights": "random", key: "mn02_as"} for key in ("name", "network"))
    assert encoder_config(written) == encoder_config(full)
    assert new_encoder(encoder_config(written)).network == "mn02_as"


def test_network_and_weights_name_the_embeddings():
    options = [{}, {"name": "mn02_as"}, {"weights": "random:1"}, {"weights": "random:0"}]
    table = {"kind": "efficientat", "name": "mn01_as", "weights": "random"}
    names = [embeddings_fingerprint(encoder_config({**table, **more})) for more in options]
    assert names[0] == names[3] and len(set(names)) == 3


def test_random_weights_have_a_note():
    table = {"kind": "efficientat", "weights": "random:7"}
    assert "random weights (seed 7): a trial run" in encoder_note(encoder_config(table))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"name": "mn11_as"}, "encoder.name = 'mn11_as' is no network of EfficientAT; did you mean"),
        ({"weights": ""}, "encoder.weights is empty"),
        ({"weights": "random:x"}, "the seed must be a whole number"),
        ({"wieghts": "hub"}, "no key 'wieghts'; did you mean 'weights'"),
    ],
)
def test_settings_that_cannot_be_are_refused(table, message):
    with pytest.raises(UsageError, match=message):
        encoder_config({"kind": "efficientat", **table})


def test_less_than_a_tenth_of_a_second_is_refused():
    with pytest.raises(ClipError, match="hears 0.1 s or more, not 0.050 s"):
        SMALL.embed(sounds(1, 1_600))


def test_its_settings_are_checked_without_torch():
    code = (
        "import sys; from asd_core.encoders.build import encoder_config, new_encoder\n"
        "new_encoder(encoder_config({'kind': 'efficientat'})).embedding_dim; sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def trained(folder, **tensors):
    """The encoder of a folder as asd train writes it, with one kept checkpoint."""
    network = EfficientAtEncoder.new_network({"network": "mn01_as", "weights": "random"}, 5)
    state = {**network.state_dict(), **tensors}
    save_file(state, folder / "epoch-2.safetensors")
    made = TrainedEncoder(
        tensors_digest([state]),
        {"kind": "efficientat", "network": "mn01_as", "clip_seconds": 10.0},
        (Checkpoint("epoch-2.safetensors", "epoch 2"),),
        SMALL.embedding_dim,
        SMALL.sample_rate,
    )
    (folder / "encoder.json").write_bytes(made.to_json())
    return EfficientAtEncoder("mn01_as", str(folder), made.digest)


def test_trained_features_have_unit_length_and_are_named_after_their_checkpoint(tmp_path):
    encoder = trained(tmp_path)
    untrained = EfficientAtEncoder("mn01_as", "random:5").embed(sounds())
    expected = untrained / np.linalg.norm(untrained, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.embed(sounds()), expected, atol=1e-6)
    assert list(encoder.groups) == [("epoch 2", encoder.embedding_dim)]


def test_training_goes_on_from_the_last_checkpoint(tmp_path):
    encoder = trained(tmp_path)
    network = EfficientAtEncoder.new_network({"network": "mn01_as", "weights": encoder.weights}, 0)
    torch.testing.assert_close(network.state_dict(), dict(encoder._networks[0].state_dict()))


def test_the_digest_of_trained_weights_names_embeddings_wherever_they_lie(tmp_path):
    encoder = trained(tmp_path)
    assert replace(encoder, weights="s3://elsewhere").fingerprint == encoder.fingerprint
    assert replace(encoder, digest="other").fingerprint != encoder.fingerprint


def test_a_trained_network_tells_no_classes(tmp_path):
    with pytest.raises(UsageError, match="a network that asd train wrote tells no AudioSet classes"):
        trained(tmp_path).probabilities(sounds())


def test_training_begins_with_the_public_networks_features_without_its_classifier():
    network = EfficientAtEncoder.new_network({"network": "mn01_as", "weights": "random:5"}, 0)
    assert not [name for name in network.state_dict() if "classifier" in name]
    expected = EfficientAtEncoder("mn01_as", "random:5").embed(sounds())
    with torch.inference_mode():
        np.testing.assert_allclose(network.eval()(torch.from_numpy(sounds())).numpy(), expected, rtol=1e-4, atol=1e-4)
