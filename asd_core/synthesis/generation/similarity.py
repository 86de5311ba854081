"""Likeness of sounds and captions by a CLAP model, by which one of several candidates is kept.

AudioLDM's authors choose among candidates by a CLAP model of LAION, of the family whose text tower leads the sampler;
this is the one that transformers has.
"""

from __future__ import annotations

import warnings
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.clap.weights import HUB, first_line, from_hub, is_random, random_note, seed_of
from asd_core.errors import AsdError, UsageError
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.synthesis.audioldm.random_parts import byte_tokenizer

_REPOSITORY = "laion/clap-htsat-unfused"
_FILES = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
_INSTEAD = (
    'download it elsewhere and give the folder as generator.clap_weights, or take "random" for a trial, or '
    "generator.candidates = 1, which compares nothing"
)
_RATE, _SECONDS = 48_000, 10  # that the model hears
_HEARD = {"frequency_min": 50, "frequency_max": 14_000, "truncation": "rand_trunc", "padding": "repeatpad"}
_TINY_AUDIO = {
    "hidden_size": 64,
    "patch_embeds_hidden_size": 8,
    "depths": [1, 1, 1, 1],
    "num_attention_heads": [1, 2, 4, 8],
    "projection_dim": 32,
}
_TINY_TEXT = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "projection_dim": 32,
}
_BYTES = {"vocab_size": 261, "initializer_factor": 20.0}  # of a random model, whose tokens are bytes


class Similarity:
    """A loaded CLAP model.

    Args:
        config: its ``clap_weights``: ``hub``, a folder, or ``random``; random ones are tiny where ``size`` is.
        device: ``cpu`` or ``cuda``.

    Raises:
        UsageError: there is no such folder.
        AsdError: the weights cannot be had or read.
    """

    def __init__(self, config: GeneratorConfig, device: str = "cpu") -> None:
        self.note = random_note(config.clap_weights)
        parts = _random_parts(config) if self.note else _stored_parts(_folder(config.clap_weights))
        self._model, self._tokenizer = parts[0].eval().requires_grad_(False).to(device), parts[1]
        extractor = _classes()["extractor"]
        self._extractor = extractor(
            frequency_min=50, frequency_max=14_000, truncation="rand_trunc", padding="repeatpad"
        )

    def __call__(self, waveforms: NDArray[np.float32], sample_rate: int, caption: str) -> NDArray[np.float64]:
        """Cosines (N,) of the embeddings of sounds (N, T) and of a caption; the first 10 s are heard."""
        import soxr
        import torch
        from torch.nn.functional import normalize

        heard = [soxr.resample(one, sample_rate, _RATE)[: _RATE * _SECONDS] for one in waveforms]
        features = self._extractor(heard, sampling_rate=_RATE, return_tensors="pt").input_features
        tokens = self._tokenizer(caption, truncation=True, max_length=512, return_tensors="pt")
        device = self._model.device
        with torch.inference_mode():
            sounds = self._model.get_audio_features(features.to(device))
            text = self._model.get_text_features(tokens.input_ids.to(device), tokens.attention_mask.to(device))
        cosines = normalize(sounds.double(), dim=-1) @ normalize(text.double(), dim=-1)[0]
        return np.asarray(cosines.cpu().numpy())


def _folder(weights: str) -> Path:
    if weights == HUB:
        return [from_hub(_REPOSITORY, name, _INSTEAD) for name in _FILES][0].parent
    folder = Path(weights).expanduser()
    if not folder.is_dir():
        raise UsageError(f"generator.clap_weights = {weights!r}: there is no such folder; {_INSTEAD}")
    return folder


def _stored_parts(folder: Path) -> tuple[Any, Any]:
    classes = _classes()
    try:
        model = classes["model"].from_pretrained(folder, use_safetensors=True, local_files_only=True)
        tokenizer = classes["tokenizer"].from_pretrained(folder, local_files_only=True)
    except Exception as error:  # transformers, tokenizers and safetensors raise errors of their own
        raise AsdError(
            f"generator.clap_weights: {folder} cannot be read as a CLAP model of transformers ({first_line(error)}); "
            f"{_INSTEAD}"
        ) from error
    return model, tokenizer


def _random_parts(config: GeneratorConfig) -> tuple[Any, Any]:
    import torch

    classes, is_tiny = _classes(), config.size == "tiny"
    shapes = {
        "text_config": _BYTES | (_TINY_TEXT if is_tiny else {}),
        "audio_config": _TINY_AUDIO if is_tiny else {},
        "projection_dim": 32 if is_tiny else 512,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(config.clap_weights))
        return classes["model"](classes["config"](**shapes)), byte_tokenizer()


@cache
def _classes() -> dict[str, Any]:
    """Classes of transformers, imported when they are needed: that takes seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers.models.clap.configuration_clap import ClapConfig
        from transformers.models.clap.feature_extraction_clap import ClapFeatureExtractor
        from transformers.models.clap.modeling_clap import ClapModel
        from transformers.models.roberta.tokenization_roberta_fast import RobertaTokenizerFast
    return {
        "config": ClapConfig,
        "extractor": ClapFeatureExtractor,
        "model": ClapModel,
        "tokenizer": RobertaTokenizerFast,
    }


def check_clap_weights(weights: str) -> None:
    """Raise UsageError for a seed that is none, or a folder that is not there."""
    if is_random(weights):
        seed_of(weights)
    elif weights != HUB:
        _folder(weights)
