import numpy as np
import pytest
import torch
import torchaudio

from asd_core.encoders.build import embeddings_fingerprint, encoder_config, encoder_note, new_encoder
from asd_core.encoders.panns.encoder import _LOG_MEL as LOG_MEL
from asd_core.encoders.panns.encoder import PannsEncoder
from asd_core.errors import ClipError, UsageError

RANDOM = PannsEncoder("random")


def sounds(count=2, seconds=0.5):
    return np.random.default_rng(0).normal(0, 0.1, (count, int(32_000 * seconds))).astype(np.float32)


def test_the_spectrogram_is_that_of_the_paper():
    mel = torchaudio.transforms.MelSpectrogram(
        32_000, 1024, hop_length=320, f_min=50, f_max=14_000, n_mels=64, norm="slaney", mel_scale="slaney"
    )
    clip = sounds(1)[0]
    expected = 10 * torch.log10(mel(torch.from_numpy(clip)).clamp(min=1e-10))
    np.testing.assert_allclose(LOG_MEL(clip), expected.numpy(), atol=1e-2)


def test_a_clip_gives_the_same_embedding_in_any_batch():
    together = RANDOM.embed(sounds())
    assert together.shape == (2, RANDOM.embedding_dim) and together.dtype == np.float32
    np.testing.assert_array_equal(together[1:], RANDOM.embed(sounds()[1:]))


def test_a_recipe_hears_18_seconds_and_says_that_weights_are_random():
    config = encoder_config({"kind": "panns", "weights": "random:3"})
    assert (config.clip_seconds, config.clip_rule) == (18, "tile")
    assert "random weights (seed 3)" in encoder_note(config)
    other = encoder_config({"kind": "panns", "weights": "random:4"})
    assert embeddings_fingerprint(config) != embeddings_fingerprint(other)
    assert isinstance(new_encoder(config), PannsEncoder)


def test_weights_must_be_named():
    with pytest.raises(UsageError, match="encoder.weights is empty: download"):
        _ = PannsEncoder().fingerprint


def test_very_short_clips_are_refused():
    RANDOM.embed(sounds(1, 0.32))
    with pytest.raises(ClipError, match="PANNs hears 0.32 s or more"):
        RANDOM.embed(sounds(1, 0.2))
