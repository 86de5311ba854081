"""The shape of each backbone: which settings make it, in the paper's size and in one for trials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.settings import check_number

BEATS, EFFICIENTAT = "beats", "efficientat"

_TINY = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
_TINY_SPEECH = {**_TINY, "conv_dim": [32] * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4}
_SPEECH_DROPOUTS = ("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout")
_LARGE_SPEECH = {
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-5,
    "conv_dim": [512] * 7,
    "conv_kernel": [10, 3, 3, 3, 3, 2, 2],
    "conv_stride": [5, 2, 2, 2, 2, 2, 2],
    "conv_bias": True,
    "feat_extract_norm": "layer",
    "do_stable_layer_norm": True,
    "num_conv_pos_embeddings": 128,
    "num_conv_pos_embedding_groups": 16,
}


@dataclass(frozen=True)
class Shape:
    """The settings of one kind of backbone that change what it computes.

    Attributes:
        full: every one, as the public weights that the paper compares have them.
        tiny: those that differ in the same architecture at a size for trials and tests.
        dropouts: names of the probabilities of dropout, which change training alone.
        repository: of the public weights on huggingface.co; "" where they are elsewhere.
    """

    full: Mapping[str, Any]
    tiny: Mapping[str, Any]
    dropouts: tuple[str, ...]
    repository: str = ""


SHAPES = {
    BEATS: Shape(
        {
            "encoder_layers": 12,
            "encoder_embed_dim": 768,
            "encoder_ffn_embed_dim": 3072,
            "encoder_attention_heads": 12,
            "embed_dim": 512,
            "input_patch_size": 16,
            "conv_bias": False,
            "conv_pos": 128,
            "conv_pos_groups": 16,
            "activation_fn": "gelu",
            "layer_norm_first": False,
            "deep_norm": True,
            "relative_position_embedding": True,
            "num_buckets": 320,
            "max_distance": 800,
            "gru_rel_pos": True,
        },
        {
            "encoder_layers": 2,
            "encoder_embed_dim": 48,
            "encoder_ffn_embed_dim": 96,
            "encoder_attention_heads": 4,
            "embed_dim": 32,
            "num_buckets": 32,
            "max_distance": 80,
            "conv_pos": 16,
            "conv_pos_groups": 4,
        },
        ("dropout", "attention_dropout", "activation_dropout", "dropout_input"),
    ),
    "ast": Shape(
        {
            "hidden_size": 768,
            "num_hidden_layers": 12,
            "num_attention_heads": 12,
            "intermediate_size": 3072,
            "hidden_act": "gelu",
            "layer_norm_eps": 1e-12,
            "qkv_bias": True,
            "patch_size": 16,
            "frequency_stride": 10,
            "time_stride": 10,
            "max_length": 1024,
            "num_mel_bins": 128,
        },
        {**_TINY, "frequency_stride": 16, "time_stride": 16},
        ("hidden_dropout_prob", "attention_probs_dropout_prob"),
        "MIT/ast-finetuned-audioset-10-10-0.4593",
    ),
    EFFICIENTAT: Shape({"network": "mn04_as"}, {"network": "mn01_as"}, ()),
    "wav2vec2": Shape(_LARGE_SPEECH, _TINY_SPEECH, _SPEECH_DROPOUTS, "facebook/wav2vec2-large-lv60"),
    "hubert": Shape(_LARGE_SPEECH, _TINY_SPEECH, _SPEECH_DROPOUTS, "facebook/hubert-large-ll60k"),
    "unispeech": Shape(_LARGE_SPEECH, _TINY_SPEECH, _SPEECH_DROPOUTS, "microsoft/unispeech-large-1500h-cv"),
    "wavlm": Shape(
        {**_LARGE_SPEECH, "conv_bias": False, "num_buckets": 320, "max_bucket_distance": 800},
        _TINY_SPEECH,
        _SPEECH_DROPOUTS,
        "microsoft/wavlm-large",
    ),
}


def shape_settings(kind: str, size: str, changes: str = "") -> dict[str, Any]:
    """Every setting of a backbone's shape.

    Args:
        kind: of `SHAPES`.
        size: ``full`` or ``tiny``.
        changes: JSON text of an object of settings that differ from the size's; "" for none.

    Raises:
        UsageError: text that is no such object, or names no setting of this kind.
    """
    shape = SHAPES[kind]
    try:
        changed = json.loads(changes or "{}")
    except ValueError:
        changed = None
    if not isinstance(changed, dict):
        raise UsageError(f"encoder.shape = {changes!r}: must be JSON such as '{{\"{next(iter(shape.full))}\": 6}}'")
    for name in changed:
        if name not in shape.full:
            raise UsageError(f"encoder.shape: {kind} has no setting {name!r}{did_you_mean(name, shape.full)}")
    return {**shape.full, **({} if size == "full" else shape.tiny), **changed}


def dropout_settings(kind: str, dropout: float | None) -> dict[str, float]:
    """Every probability of dropout of a kind at one value; none of them where the value is None.

    Raises:
        UsageError: a value that is no probability below 1.
    """
    if dropout is None:
        return {}
    if dropout != 0:
        check_number("encoder.dropout", dropout, 0, 1)
    return dict.fromkeys(SHAPES[kind].dropouts, dropout)


def check_shape(kind: str, found: Mapping[str, Any], asked: Mapping[str, Any], where: str) -> None:
    """Refuse weights of another shape than the recipe names, which trained weights would be read back into.

    Args:
        kind: of `SHAPES`.
        found: settings of the weights, all that `Shape.full` names.
        asked: from `shape_settings`.
        where: the weights' place, for the message.

    Raises:
        AsdError: a setting differs; the message says what to write.
    """
    plain = {name: list(found[name]) if isinstance(found[name], tuple) else found[name] for name in asked}
    if plain != dict(asked):
        shape = {name: value for name, value in plain.items() if value != SHAPES[kind].full[name]}
        own = f"encoder.size = \"full\" and encoder.shape = '{json.dumps(shape)}'" if shape else 'encoder.size = "full"'
        name = next(name for name in asked if plain[name] != asked[name])
        raise AsdError(
            f"{where} is of another shape: {name} is {plain[name]!r}, and the recipe says {asked[name]!r}; for these "
            f"weights write {own}"
        )
