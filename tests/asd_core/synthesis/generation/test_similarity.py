"""Likeness of sounds and captions by a tiny CLAP model."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from asd_core.errors import AsdError, UsageError
from asd_core.synthesis.generation.similarity import Similarity, check_clap_weights
from tests.asd_core.synthesis.audioldm.tiny import TINY

pytestmark = pytest.mark.usefixtures("one_torch_thread")

CONFIG = replace(TINY, clap_weights="random:3", candidates=2)
SOUNDS = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 8_000)).astype(np.float32)


@cache
def model():
    return Similarity(CONFIG)


def test_a_cosine_is_that_of_the_embeddings_of_transformers():
    found, inner = model()(SOUNDS, 48_000, "a fan"), model()._model
    features = model()._extractor(list(SOUNDS), sampling_rate=48_000, return_tensors="pt").input_features
    tokens = model()._tokenizer("a fan", return_tensors="pt")
    with torch.inference_mode():
        told = inner(input_ids=tokens.input_ids, attention_mask=tokens.attention_mask, input_features=features)
    cosines = (told.audio_embeds @ told.text_embeds.T)[:, 0].numpy()
    assert np.allclose(found, cosines, atol=1e-6) and np.ptp(found) > 1e-6


def test_a_cosine_depends_on_the_caption_and_not_on_the_sounds_beside_it():
    both = model()(SOUNDS, 16_000, "a fan")
    assert np.allclose(both[1:2], model()(SOUNDS[1:2], 16_000, "a fan"), atol=1e-6)
    assert not np.allclose(both, model()(SOUNDS, 16_000, "a valve"), atol=1e-4)
    assert both.tobytes() == model()(SOUNDS, 16_000, "a fan").tobytes()


def test_only_the_first_ten_seconds_are_heard_and_nothing_is_drawn():
    long = np.random.default_rng(1).uniform(-0.5, 0.5, (1, 163_840)).astype(np.float32)
    cut = long.copy()
    cut[:, 160_500:] = 0.0  # the resampler looks ahead a little
    assert np.allclose(model()(long, 16_000, "a fan"), model()(cut, 16_000, "a fan"), atol=1e-6)


def test_random_weights_say_so():
    assert model().note.startswith("random weights (seed 3)")


def test_a_folder_gives_back_what_was_saved_and_a_broken_one_is_one_line(tmp_path):
    model()._model.save_pretrained(tmp_path / "clap")
    model()._tokenizer.save_pretrained(tmp_path / "clap")
    stored = Similarity(replace(CONFIG, clap_weights=str(tmp_path / "clap")))
    assert stored.note == "" and np.allclose(stored(SOUNDS, 16_000, "a"), model()(SOUNDS, 16_000, "a"), atol=1e-6)
    (tmp_path / "clap" / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(AsdError, match="cannot be read as a CLAP model"):
        Similarity(replace(CONFIG, clap_weights=str(tmp_path / "clap")))


@pytest.mark.parametrize("weights", ["random:x", "/no/such/folder"])
def test_weights_that_cannot_be_are_found_before_the_work(weights):
    with pytest.raises(UsageError):
        check_clap_weights(weights)
