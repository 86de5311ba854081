"""BEATs (Chen et al. 2023): 16 x 16 patches of a log-mel spectrogram through a transformer, a token each.

The transformer is speechbrain's; the tensors have the names of the public checkpoints. Speechbrain's own front end
takes clips one by one and needs their lengths; this one takes a batch of one length and gives the same tokens.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speechbrain.lobes.models.beats import BEATsConfig, TransformerEncoder
from torch import Tensor, nn

from asd_core.encoders.anopatch.filterbank import FRAME, HOP, SAMPLE_RATE, filterbank
from asd_core.encoders.anopatch.shapes import BEATS, check_shape
from asd_core.encoders.clap.weights import load_checkpoint
from asd_core.errors import AsdError, ClipError

_MEAN, _DEVIATION = 15.41663, 6.55582  # of filterbank energies in AudioSet, as the authors give them


_LEFT_OUT = re.compile(r"predictor|encoder\.layers\.[1-9]\d*\.self_attn\.relative_attention_bias")
"""Tensors of a checkpoint that no token needs: a classifier, and copies of the first layer's position bias."""


class Beats(nn.Module):
    """Waveforms → normalised spectrograms (`features`) → tokens (`forward`).

    Attributes:
        sample_rate: 16,000 Hz.
        width: of a token, 768 in the public checkpoints.
        class_tokens: 0, BEATs has no token for the whole clip.
        has_spectrogram: True.
    """

    sample_rate = SAMPLE_RATE
    class_tokens = 0
    has_spectrogram = True

    def __init__(self, settings: Mapping[str, Any]) -> None:
        """Make the network, random, in the shape that a checkpoint's ``cfg`` gives.

        No layer is left out at random (``encoder_layerdrop``), whatever the settings say: which ones would come from
        NumPy's global generator, so that no run could be repeated, and parallel workers would wait for gradients.
        """
        super().__init__()
        config = BEATsConfig({**settings, "encoder_layerdrop": 0.0})
        self.width: int = config.encoder_embed_dim
        self.patch = int(config.input_patch_size)
        self.patch_embedding = nn.Conv2d(1, config.embed_dim, self.patch, self.patch, bias=config.conv_bias)
        self.layer_norm = nn.LayerNorm(config.embed_dim)
        is_projected = config.embed_dim != config.encoder_embed_dim
        self.post_extract_proj = nn.Linear(config.embed_dim, config.encoder_embed_dim) if is_projected else None
        self.dropout_input = nn.Dropout(config.dropout_input)
        self.encoder = TransformerEncoder(config)
        if config.relative_position_embedding:
            for layer in self.encoder.layers[1:]:  # the first layer's, shared, which they are only handed
                del layer.self_attn.relative_attention_bias

    def features(self, waveforms: Tensor) -> Tensor:
        """Waveforms (B, T) in [-1, 1] → (B, 128, frames) float32, about 0 ± 0.5.

        Raises:
            ClipError: waveforms shorter than one patch, 0.175 s.
        """
        if waveforms.shape[1] < (shortest := FRAME + (self.patch - 1) * HOP):
            raise ClipError("too_short", f"{waveforms.shape[1]} samples are less than one patch of {shortest}")
        return (filterbank(waveforms, scale=2.0**15, window="povey") - _MEAN) / (2 * _DEVIATION)

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Spectrograms (B, 128, frames) → tokens (B, N, width): 8 of each 16 frames; frames left over are not heard."""
        patches = self.patch_embedding(spectrograms.transpose(1, 2)[:, None])  # (B, C, frames // 16, 8)
        tokens = self.layer_norm(patches.flatten(2).transpose(1, 2))
        if self.post_extract_proj is not None:
            tokens = self.post_extract_proj(tokens)
        encoded: Tensor = self.encoder(self.dropout_input(tokens))[0]
        return encoded


def beats_from_checkpoint(path: Path, shape: Mapping[str, Any], dropouts: Mapping[str, float]) -> Beats:
    """Load a public checkpoint: ``{"cfg": ..., "model": ...}``. The classifier of a fine-tuned one is left out.

    Args:
        path: of the file.
        shape: the settings that its ``cfg`` must have, from `shape_settings`.
        dropouts: settings in place of its own.

    Raises:
        AsdError: a file that holds something else, is of another shape, or has tensors that do not fit its ``cfg``.
    """
    settings, tensors = read_checkpoint(path)
    check_shape(BEATS, BEATsConfig(settings).__dict__, shape, str(path))
    network = Beats({**settings, **dropouts})
    try:
        found = network.load_state_dict(tensors, strict=False)
    except RuntimeError as error:  # a tensor of another shape; the first line only says so, the second which
        reason = str(error).split("\n")[1].strip()
        raise AsdError(f"{path} does not fit the shape that its own cfg gives: {reason}") from error
    if odd := [*found.missing_keys, *found.unexpected_keys]:
        lacks = "lacks" if found.missing_keys else "has, beside those of BEATs,"
        raise AsdError(f"{path} {lacks} the tensor {odd[0]}: is it a checkpoint of BEATs?")
    return network


def read_checkpoint(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """A checkpoint's ``cfg``, and those of its tensors that tokens need.

    Raises:
        AsdError: it is no such checkpoint, or holds anything that could run code.
    """
    loaded = load_checkpoint(path)
    settings, model = (loaded.get(key) if isinstance(loaded, dict) else None for key in ("cfg", "model"))
    if not isinstance(settings, dict) or not isinstance(model, dict):
        raise AsdError(f'{path} holds no "cfg" and "model": it is no checkpoint of BEATs, such as BEATs_iter3.pt')
    named = {name: value for name, value in model.items() if isinstance(value, Tensor)}
    return settings, {name: value for name, value in named.items() if not _LEFT_OUT.match(name)}
