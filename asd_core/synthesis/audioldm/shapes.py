"""Shapes of AudioLDM's networks: the three published sizes, and a tiny one of the same classes for trials.

The published sizes follow the configuration of the authors' checkpoints: their U-Nets have 128, 192 and 256 channels,
and everything else is the same. Counted with these shapes, all parts together have 421, 652 and 975 million weights, as
the model cards of ``cvssp/audioldm-*`` say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Settings = Mapping[str, Any]

SAMPLE_RATE = 16_000
HOP = 160
MELS = 64
LATENT_CHANNELS = 8
FACTOR = 4
"""Frames, or mel bands, of one latent."""


@dataclass(frozen=True)
class Shape:
    """The settings of each network of one size.

    Attributes:
        repository: that the published weights have on the hub; "" where there are none.
        vae: of ``AutoencoderKL``.
        unet: of ``UNet2DConditionModel``.
        text_encoder: of ``ClapTextConfig``.
        vocoder: of ``SpeechT5HifiGanConfig``.
    """

    repository: str
    vae: Settings
    unet: Settings
    text_encoder: Settings
    vocoder: Settings


SCHEDULER: Settings = {
    "num_train_timesteps": 1000,
    "beta_start": 0.0015,
    "beta_end": 0.0195,
    "beta_schedule": "scaled_linear",
    "prediction_type": "epsilon",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
"""Of ``DDIMScheduler``: noise levels of training and of sampling."""

_TEXT: Settings = {
    "vocab_size": 50_265,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 514,
    "projection_dim": 512,
}


def _vae(channels: tuple[int, ...], layers: int, groups: int) -> Settings:
    return {
        "in_channels": 1,
        "out_channels": 1,
        "down_block_types": ("DownEncoderBlock2D",) * len(channels),
        "up_block_types": ("UpDecoderBlock2D",) * len(channels),
        "block_out_channels": channels,
        "latent_channels": LATENT_CHANNELS,
        "layers_per_block": layers,
        "norm_num_groups": groups,
        "sample_size": 1024,
    }


def _unet(channels: tuple[int, ...], layers: int, groups: int, text: int) -> Settings:
    attentive = len(channels) - 1
    return {
        "in_channels": LATENT_CHANNELS,
        "out_channels": LATENT_CHANNELS,
        "down_block_types": ("DownBlock2D",) + ("CrossAttnDownBlock2D",) * attentive,
        "up_block_types": ("CrossAttnUpBlock2D",) * attentive + ("UpBlock2D",),
        "block_out_channels": channels,
        "cross_attention_dim": channels,  # what it attends to is itself
        "layers_per_block": layers,
        "norm_num_groups": groups,
        "class_embed_type": "simple_projection",
        "class_embeddings_concat": True,
        "projection_class_embeddings_input_dim": text,
        "sample_size": 128,
    }


def _vocoder(channels: int, kernels: tuple[int, ...] = (3, 7, 11), dilations: tuple[int, ...] = (1, 3, 5)) -> Settings:
    return {
        "model_in_dim": MELS,
        "sampling_rate": SAMPLE_RATE,
        "upsample_initial_channel": channels,
        "upsample_rates": [5, 4, 2, 2, 2],  # 160 samples a frame
        "upsample_kernel_sizes": [16, 16, 8, 4, 4],
        "resblock_kernel_sizes": list(kernels),
        "resblock_dilation_sizes": [list(dilations)] * len(kernels),
        "normalize_before": False,
    }


def _published(repository: str, width: int) -> Shape:
    channels = (width, 2 * width, 3 * width, 5 * width)
    text = _TEXT["projection_dim"]
    return Shape(repository, _vae((128, 256, 512), 2, 32), _unet(channels, 2, 32, text), _TEXT, _vocoder(1024))


_TINY_TEXT: Settings = {
    "vocab_size": 261,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 514,
    "projection_dim": 32,
}

SHAPES: Mapping[str, Shape] = {
    "tiny": Shape("", _vae((8, 8, 8), 1, 4), _unet((16, 32), 1, 8, 32), _TINY_TEXT, _vocoder(32, (3,), (1,))),
    "small": _published("cvssp/audioldm-s-full-v2", 128),
    "medium": _published("cvssp/audioldm-m-full", 192),
    "large": _published("cvssp/audioldm-l-full", 256),
}
"""Size → shape of every network."""
