"""Transformers of the Hugging Face hub in BEATs' place: AST, wav2vec 2.0, HuBERT, UniSpeech and WavLM.

Each hears sound as it was trained to: AST a normalised log-mel spectrogram of 128 bands, the others the waveform
itself, brought to mean 0 and variance 1 clip by clip. Their own masking in training is off: the paper compares models
without it. No layers are skipped at random either: workers side by side would wait for the gradients of those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from asd_core.encoders.anopatch.filterbank import FRAME, SAMPLE_RATE, filterbank
from asd_core.errors import ClipError

_LARGE = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
}
_SMALL = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
_SMALL_SPEECH = {
    **_SMALL,
    "conv_dim": [32] * 7,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
}
DRAWS_NOTHING = {"apply_spec_augment": False, "mask_time_prob": 0.0, "mask_feature_prob": 0.0, "layerdrop": 0.0}
_LEAST_VARIANCE = 1e-7


@dataclass(frozen=True)
class HubModel:
    """One of these models.

    Attributes:
        name: of its classes in ``transformers``, which end in ``Config`` and ``Model``.
        repository: of the weights that the paper compares, on huggingface.co.
        full: settings of that repository's shape, where they differ from the class's defaults.
        tiny: settings of the same architecture in a size for trials and tests.
        is_ast: it hears spectrograms.
    """

    name: str
    repository: str
    full: Mapping[str, Any]
    tiny: Mapping[str, Any] = field(default_factory=lambda: _SMALL_SPEECH)
    is_ast: bool = False

    def config(self, size: str) -> Any:
        """The settings of a size, ``full`` or ``tiny``, as ``transformers`` has them."""
        import transformers

        settings = {"full": self.full, "tiny": self.tiny}[size]
        return getattr(transformers, f"{self.name}Config")(**settings, **({} if self.is_ast else DRAWS_NOTHING))

    def network(self, model: nn.Module, **normalisation: Any) -> nn.Module:
        """Wrap a model of this kind, see `Ast` and `Speech`."""
        return Ast(model, **normalisation) if self.is_ast else Speech(model, **normalisation)


_TINY_AST = {**_SMALL, "frequency_stride": 16, "time_stride": 16}

HUB_MODELS = {
    "ast": HubModel("AST", "MIT/ast-finetuned-audioset-10-10-0.4593", {}, _TINY_AST, is_ast=True),
    "wav2vec2": HubModel("Wav2Vec2", "facebook/wav2vec2-large-lv60", {**_LARGE, "conv_bias": True}),
    "hubert": HubModel("Hubert", "facebook/hubert-large-ll60k", {**_LARGE, "conv_bias": True}),
    "unispeech": HubModel("UniSpeech", "microsoft/unispeech-large-1500h-cv", {**_LARGE, "conv_bias": True}),
    "wavlm": HubModel("WavLM", "microsoft/wavlm-large", _LARGE),
}


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

    def __init__(self, model: Any, mean: float = -4.2677393, std: float = 4.5689974) -> None:
        """Wrap an ``ASTModel``; mean and deviation are of log energies in AudioSet."""
        super().__init__()
        self.model: Any = model
        self.mean, self.std = mean, std
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

    def __init__(self, model: Any, do_normalize: bool = True) -> None:
        """Wrap a ``Wav2Vec2Model`` or its like; ``do_normalize`` as its preprocessor says, true for the large ones."""
        super().__init__()
        self.model: Any = model
        self.do_normalize = do_normalize
        self.width: int = self.model.config.hidden_size

    def features(self, waveforms: Tensor) -> Tensor:
        """Waveforms (B, T) → (B, T) float32 of mean 0 and variance 1 each.

        Raises:
            ClipError: waveforms shorter than one token hears, 400 samples.
        """
        if waveforms.shape[1] < FRAME:
            raise ClipError("too_short", f"{waveforms.shape[1]} samples are less than one token of {FRAME}")
        if not self.do_normalize:
            return waveforms
        variance, mean = torch.var_mean(waveforms, dim=1, correction=0, keepdim=True)
        return (waveforms - mean) / (variance + _LEAST_VARIANCE).sqrt()

    def forward(self, waveforms: Tensor) -> Tensor:
        """Normalised waveforms (B, T) → tokens (B, N, width), 50 a second."""
        tokens: Tensor = self.model(waveforms).last_hidden_state
        return tokens


def random_model(kind: str, size: str) -> nn.Module:
    """A model of random weights in the shape of ``size``, drawn from torch's generator."""
    import transformers

    spec = HUB_MODELS[kind]
    return spec.network(getattr(transformers, f"{spec.name}Model")(spec.config(size)))
