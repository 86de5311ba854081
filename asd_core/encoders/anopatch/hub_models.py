"""Transformers of the Hugging Face hub in BEATs' place: AST, wav2vec 2.0, HuBERT, UniSpeech and WavLM.

Each hears sound as it was trained to: AST a normalised log-mel spectrogram of 128 bands, the others the waveform
itself, brought to mean 0 and variance 1 clip by clip. Their own masking in training is off: the paper compares models
without it. No layers are skipped at random either: workers side by side would wait for the gradients of those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor, nn

from asd_core.encoders.anopatch.filterbank import FRAME, SAMPLE_RATE, filterbank
from asd_core.encoders.anopatch.shapes import check_shape
from asd_core.encoders.clap.weights import first_line
from asd_core.errors import AsdError, ClipError

CLASSES = {"ast": "AST", "wav2vec2": "Wav2Vec2", "hubert": "Hubert", "unispeech": "UniSpeech", "wavlm": "WavLM"}
"""The names of their classes in ``transformers``, which end in ``Config`` and ``Model``."""

_AST = "ast"
_DRAWS_NOTHING = {"apply_spec_augment": False, "mask_time_prob": 0.0, "mask_feature_prob": 0.0, "layerdrop": 0.0}
_LEAST_VARIANCE = 1e-7


class Ast(nn.Module):
    """Audio spectrogram transformer (Gong et al. 2021): waveforms → spectrograms (`features`) → tokens (`forward`).

    Attributes:
        sample_rate: 16,000 Hz.
        width: of a token.
        class_tokens: 2, of the class and of its distillation; AST itself takes their mean for the whole clip.
        has_spectrogram: True.
    """

    sample_rate = SAMPLE_RATE
    class_tokens = 2
    has_spectrogram = True
    mean: Tensor
    std: Tensor

    def __init__(self, model: Any, mean: float = -4.2677393, std: float = 4.5689974) -> None:
        """Wrap an ``ASTModel``; mean and deviation are of log energies in AudioSet."""
        super().__init__()
        self.model: Any = model
        # Part of the weights, so that a trained encoder hears as it did in training.
        self.register_buffer("mean", torch.tensor(mean))
        self.register_buffer("std", torch.tensor(std))
        self.width: int = self.model.config.hidden_size
        self.frames: int = self.model.config.max_length

    def features(self, waveforms: Tensor) -> Tensor:
        """Waveforms (B, T) in [-1, 1] → (B, 128, 1024) float32; what is missing at the end is log energy 0.

        Raises:
            ClipError: waveforms shorter than a frame, or longer than 1,024 frames, 10.27 s.
        """
        made = filterbank(waveforms, scale=1.0, window="hann")
        if made.shape[2] > self.frames:
            seconds = waveforms.shape[1] / SAMPLE_RATE
            raise ClipError("wrong_length", f"AST hears {self.frames} frames at once, 10 ms each, not {seconds:.2f} s")
        padded = nn.functional.pad(made, (0, self.frames - made.shape[2]))
        return (padded - self.mean) / (2 * self.std)

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Spectrograms (B, 128, frames) → tokens (B, 2 + N, width), those of the class first."""
        tokens: Tensor = self.model(spectrograms.transpose(1, 2)).last_hidden_state
        return tokens


class Speech(nn.Module):
    """A model of the wav2vec 2.0 family: waveforms → normalised waveforms (`features`) → tokens (`forward`).

    Attributes:
        sample_rate: 16,000 Hz.
        width: of a token.
        class_tokens: 0, there is no token for the whole clip.
        has_spectrogram: False, there is nothing for SpecAug to mask.
    """

    sample_rate = SAMPLE_RATE
    class_tokens = 0
    has_spectrogram = False
    do_normalize: Tensor

    def __init__(self, model: Any, do_normalize: bool = True) -> None:
        """Wrap a ``Wav2Vec2Model`` or its like; ``do_normalize`` as its preprocessor says, true for the large ones."""
        super().__init__()
        self.model: Any = model
        self.register_buffer("do_normalize", torch.tensor(do_normalize))  # part of the weights, as AST's mean
        self.width: int = self.model.config.hidden_size

    def features(self, waveforms: Tensor) -> Tensor:
        """Waveforms (B, T) → (B, T) float32 of mean 0 and variance 1 each.

        Raises:
            ClipError: waveforms shorter than one token hears, 400 samples.
        """
        if waveforms.shape[1] < FRAME:
            raise ClipError("too_short", f"{waveforms.shape[1]} samples are less than one token of {FRAME}")
        variance, mean = torch.var_mean(waveforms, dim=1, correction=0, keepdim=True)
        return torch.where(self.do_normalize, (waveforms - mean) / (variance + _LEAST_VARIANCE).sqrt(), waveforms)

    def forward(self, waveforms: Tensor) -> Tensor:
        """Normalised waveforms (B, T) → tokens (B, N, width), 50 a second."""
        tokens: Tensor = self.model(waveforms).last_hidden_state
        return tokens


def random_model(kind: str, settings: Mapping[str, Any]) -> nn.Module:
    """A model of random weights, drawn from torch's generator.

    Args:
        kind: of `CLASSES`.
        settings: shape and dropouts, see `asd_core.encoders.anopatch.shapes`.
    """
    config = getattr(transformers, f"{CLASSES[kind]}Config")(**settings, **_fixed(kind))
    return _wrapped(kind, getattr(transformers, f"{CLASSES[kind]}Model")(config), {})


def stored_model(kind: str, folder: Path, shape: Mapping[str, Any], dropouts: Mapping[str, float]) -> nn.Module:
    """Load a model from a folder in the hub's layout: ``config.json``, ``model.safetensors`` and its like.

    Args:
        kind: of `CLASSES`.
        folder: on this machine.
        shape: the settings that ``config.json`` must have, from `shape_settings`.
        dropouts: settings in place of its own.

    Raises:
        AsdError: it is of another kind or shape, or its files do not fit.
    """
    name = CLASSES[kind]
    found = _json(folder / "config.json")
    expected = getattr(transformers, f"{name}Config").model_type
    if found.get("model_type") != expected:
        raise AsdError(
            f"{folder / 'config.json'} says model_type = {found.get('model_type')!r}, not {expected!r}: is it a model "
            f"for encoder.backbone = {kind!r}?"
        )
    try:
        config = getattr(transformers, f"{name}Config").from_pretrained(folder, **_fixed(kind), **dropouts)
        check_shape(kind, config.to_dict(), shape, str(folder))
        model, loading = getattr(transformers, f"{name}Model").from_pretrained(
            folder, config=config, local_files_only=True, output_loading_info=True, weights_only=True
        )
    except AsdError:
        raise
    except Exception as error:  # the format's, torch's and transformers' own errors, which have no common class
        raise AsdError(f"{folder} cannot be loaded as a model of {name}: {first_line(error)}") from error
    if wrong := sorted(map(str, (*loading["missing_keys"], *loading["mismatched_keys"]))):
        raise AsdError(f"{folder} lacks the tensor {wrong[0]} of {name}: is it the whole model?")
    return _wrapped(kind, model, _json(folder / "preprocessor_config.json"))


def _fixed(kind: str) -> Mapping[str, Any]:
    return {} if kind == _AST else _DRAWS_NOTHING


def _wrapped(kind: str, model: Any, preprocessor: Mapping[str, Any]) -> nn.Module:
    names = ("mean", "std") if kind == _AST else ("do_normalize",)
    said = {name: preprocessor[name] for name in names if name in preprocessor}
    return Ast(model, **said) if kind == _AST else Speech(model, **said)


def _json(path: Path) -> Mapping[str, Any]:
    try:
        content = json.loads(path.read_text()) if path.is_file() else {}
    except ValueError as error:
        raise AsdError(f"{path} cannot be read as JSON: {error}") from error
    return content if isinstance(content, dict) else {}
