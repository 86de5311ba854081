import pytest
import torch
import transformers

from asd_core.encoders.anopatch.hub_models import HUB_MODELS, random_model
from asd_core.errors import ClipError

SPEECH = [name for name in HUB_MODELS if name != "ast"]
MILLIONS = {"ast": 86.2, "wav2vec2": 315.4, "hubert": 315.4, "unispeech": 315.4, "wavlm": 315.5}


def waveforms(seconds=0.5, seed=0):
    return torch.rand(2, int(seconds * 16_000), generator=torch.Generator().manual_seed(seed)) - 0.4


@pytest.mark.parametrize("kind", HUB_MODELS)
def test_the_full_shape_has_the_papers_number_of_parameters(kind):
    with torch.device("meta"):
        network = random_model(kind, "full")
    assert sum(value.numel() for value in network.parameters()) / 1e6 == pytest.approx(MILLIONS[kind], abs=0.06)


@pytest.mark.parametrize("kind", HUB_MODELS)
def test_features_equal_those_of_the_models_own_preprocessor(kind):
    preprocessor = transformers.ASTFeatureExtractor if kind == "ast" else transformers.Wav2Vec2FeatureExtractor
    theirs = preprocessor(**({} if kind == "ast" else {"do_normalize": True}))(
        [clip.numpy() for clip in waveforms()], sampling_rate=16_000, return_tensors="pt"
    )["input_values"]
    made = random_model(kind, "tiny").features(waveforms())
    torch.testing.assert_close(made.transpose(1, 2) if kind == "ast" else made, theirs, rtol=0, atol=1e-4)


def test_tokens_of_ast_are_those_of_the_model_and_two_of_them_stand_for_the_clip():
    network = random_model("ast", "tiny").eval()
    spectrograms = network.features(waveforms())
    theirs = network.model(input_values=spectrograms.transpose(1, 2))
    made = network(spectrograms)
    assert torch.equal(made, theirs.last_hidden_state) and network.class_tokens == 2
    torch.testing.assert_close(made[:, :2].mean(dim=1), theirs.pooler_output)


@pytest.mark.parametrize("kind", SPEECH)
def test_speech_models_give_fifty_tokens_a_second(kind):
    network = random_model(kind, "tiny").eval()
    assert network(network.features(waveforms())).shape == (2, 24, 48)
    assert not network.has_spectrogram and network.class_tokens == 0


@pytest.mark.parametrize("kind", HUB_MODELS)
def test_training_repeats_under_one_seed(kind):
    network = random_model(kind, "tiny").train()
    features, made = network.features(waveforms()), []
    for _ in range(2):
        torch.manual_seed(4)
        made.append(network(features))
    assert torch.equal(*made)


def test_lengths_that_cannot_be_heard_are_refused():
    with pytest.raises(ClipError, match="AST hears 1024 frames at once, 10 ms each, not 11.00 s"):
        random_model("ast", "tiny").features(waveforms(11.0))
    with pytest.raises(ClipError, match="399 samples"):
        random_model("wavlm", "tiny").features(torch.zeros(1, 399))
