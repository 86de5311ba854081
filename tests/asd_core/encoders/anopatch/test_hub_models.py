import json

import pytest
import torch
import transformers

from asd_core.encoders.anopatch.hub_models import CLASSES, random_model, stored_model
from asd_core.encoders.anopatch.shapes import shape_settings
from asd_core.errors import AsdError, ClipError

SPEECH = [name for name in CLASSES if name != "ast"]
MILLIONS = {"ast": 86.2, "wav2vec2": 315.4, "hubert": 315.4, "unispeech": 315.4, "wavlm": 315.5}


def tiny(kind, **changes):
    return random_model(kind, {**shape_settings(kind, "tiny"), **changes})


@pytest.fixture
def folder(tmp_path):
    """Write a tiny model of a kind in the hub's layout; return its folder."""

    def write(kind, **preprocessor):
        tiny(kind, hidden_dropout=0.3).model.save_pretrained(tmp_path / kind)
        (tmp_path / kind / "preprocessor_config.json").write_text(json.dumps(preprocessor))
        return tmp_path / kind

    return write


def waveforms(seconds=0.5, seed=0):
    return torch.rand(2, int(seconds * 16_000), generator=torch.Generator().manual_seed(seed)) - 0.4


@pytest.mark.parametrize("kind", CLASSES)
def test_the_full_shape_has_the_papers_number_of_parameters(kind):
    with torch.device("meta"):
        network = random_model(kind, shape_settings(kind, "full"))
    assert sum(value.numel() for value in network.parameters()) / 1e6 == pytest.approx(MILLIONS[kind], abs=0.06)


@pytest.mark.parametrize("kind", CLASSES)
def test_features_equal_those_of_the_models_own_preprocessor(kind):
    preprocessor = transformers.ASTFeatureExtractor if kind == "ast" else transformers.Wav2Vec2FeatureExtractor
    theirs = preprocessor(**({} if kind == "ast" else {"do_normalize": True}))(
        [clip.numpy() for clip in waveforms()], sampling_rate=16_000, return_tensors="pt"
    )["input_values"]
    made = tiny(kind).features(waveforms())
    torch.testing.assert_close(made.transpose(1, 2) if kind == "ast" else made, theirs, rtol=0, atol=1e-4)


def test_tokens_of_ast_are_those_of_the_model_and_two_of_them_stand_for_the_clip():
    network = tiny("ast").eval()
    spectrograms = network.features(waveforms())
    theirs = network.model(input_values=spectrograms.transpose(1, 2))
    made = network(spectrograms)
    assert torch.equal(made, theirs.last_hidden_state) and network.class_tokens == 2
    torch.testing.assert_close(made[:, :2].mean(dim=1), theirs.pooler_output)


@pytest.mark.parametrize("kind", SPEECH)
def test_speech_models_give_fifty_tokens_a_second(kind):
    network = tiny(kind).eval()
    assert network(network.features(waveforms())).shape == (2, 24, 48)
    assert not network.has_spectrogram and network.class_tokens == 0


@pytest.mark.parametrize("kind", CLASSES)
def test_training_repeats_under_one_seed(kind):
    network = tiny(kind).train()
    features, made = network.features(waveforms()), []
    for _ in range(2):
        torch.manual_seed(4)
        made.append(network(features))
    assert torch.equal(*made)


def test_lengths_that_cannot_be_heard_are_refused():
    with pytest.raises(ClipError, match="AST hears 1024 frames at once, 10 ms each, not 11.00 s"):
        tiny("ast").features(waveforms(11.0))
    with pytest.raises(ClipError, match="399 samples"):
        tiny("wavlm").features(torch.zeros(1, 399))


@pytest.mark.parametrize("kind", ["ast", "wavlm"])
def test_a_folder_of_the_hubs_layout_is_loaded_with_its_normalisation(folder, kind):
    path = folder(kind, **({"mean": -3.0, "std": 2.0} if kind == "ast" else {"do_normalize": False}))
    made = stored_model(kind, path, shape_settings(kind, "tiny"), {"hidden_dropout": 0.2})
    theirs = getattr(transformers, f"{CLASSES[kind]}Model").from_pretrained(path).state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in made.model.state_dict().items())
    assert (made.mean, made.std) == (-3.0, 2.0) if kind == "ast" else not made.do_normalize
    again = tiny(kind)
    again.load_state_dict(made.state_dict())
    assert torch.equal(again.eval().features(waveforms()), made.eval().features(waveforms()))
    assert not torch.allclose(tiny(kind).features(waveforms()), made.features(waveforms()))
    assert made.model.config.hidden_dropout == 0.2
    assert kind == "ast" or not (made.model.config.apply_spec_augment or made.model.config.layerdrop)


def test_a_model_of_another_kind_or_without_a_tensor_is_one_line(folder):
    path, shape = folder("wavlm"), shape_settings("wavlm", "tiny")
    with pytest.raises(AsdError, match="says model_type = 'wavlm', not 'hubert'"):
        stored_model("hubert", path, shape, {})
    with pytest.raises(AsdError, match="another shape: hidden_size is 48, and the recipe says 1024"):
        stored_model("wavlm", path, shape_settings("wavlm", "full"), {})
    settings = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**settings, "num_hidden_layers": 3}))
    with pytest.raises(AsdError, match=r"lacks the tensor encoder\.layers\.2"):
        stored_model("wavlm", path, {**shape, "num_hidden_layers": 3}, {})
    (path / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(AsdError, match="cannot be loaded as a model of WavLM") as caught:
        stored_model("wavlm", path, {**shape, "num_hidden_layers": 3}, {})
    assert "\n" not in str(caught.value)
