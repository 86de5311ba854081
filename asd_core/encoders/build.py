"""From a recipe's ``[encoder]`` table to an encoder."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import inspect
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from asd_core.encoders.clap.encoder import LONGEST_SECONDS as CLAP_LONGEST
from asd_core.encoders.clap.encoder import SHORTEST_SECONDS as CLAP_SHORTEST
from asd_core.encoders.clap.encoder import ClapEncoder
from asd_core.encoders.protocol import Encoder
from asd_core.encoders.twfr import TwfrEncoder
from asd_core.errors import UsageError, did_you_mean
from asd_core.settings import check_keys, from_mapping

IMPORTED = "imported"
LONGEST_SECONDS = 10_800.0  # heard of one recording: three hours are 0.7 GB at 16 kHz
CLAP = "clap"
_KINDS = ("twfr", CLAP, IMPORTED)
_CLAP_OPTIONS = ["weights", "checkpoint", "precision"]
_CLAP_DEFAULTS = {"clip_seconds": 7.0, "clip_rule": "windows", "batch_size": 256}


@dataclass(frozen=True)
class EncoderConfig:
    """A recipe's ``[encoder]``: which encoder, and how much of a recording it hears.

    Attributes:
        kind: ``twfr``, ``clap``, ``imported`` (embeddings made elsewhere) or ``package.module:Class`` of one's own.
        clip_seconds: how much of each recording is heard.
        clip_rule: ``crop`` (the first seconds, shorter clips as they are), ``tile`` (repeated to the length, then
            cut) or ``windows`` (evenly spaced windows of that length that cover the clip, embeddings averaged).
        channel: which channel, counted from 0; None mixes them all.
        batch_size: waveforms embedded at once, at most; ``clap`` takes fewer where memory is too small.
        name: for ``imported``: the name under which they were imported.
        options: what the kind itself takes, as JSON text (``{"r": 0.98}``), so that the whole stays hashable.
    """

    kind: str = "twfr"
    clip_seconds: float = 10.0
    clip_rule: Literal["crop", "tile", "windows"] = "crop"
    channel: int | None = None
    batch_size: int = 32
    name: str = ""
    options: str = "{}"

    def __post_init__(self) -> None:
        if not self.clip_seconds > 0:
            raise UsageError(f"encoder.clip_seconds must be positive, got {self.clip_seconds}")
        if self.clip_seconds > LONGEST_SECONDS:
            raise UsageError(f"encoder.clip_seconds must be at most {LONGEST_SECONDS:g}, got {self.clip_seconds}")
        if self.batch_size < 1:
            raise UsageError(f"encoder.batch_size must be at least 1, got {self.batch_size}")
        if self.channel is not None and self.channel < 0:
            raise UsageError(f"encoder.channel counts from 0, got {self.channel}")


SHARED_KEYS = frozenset(field.name for field in dataclasses.fields(EncoderConfig)) - {"options"}
"""The keys of ``[encoder]`` that all kinds have."""


def encoder_config(mapping: Mapping[str, Any]) -> EncoderConfig:
    """Check a recipe's ``[encoder]`` table.

    Raises:
        UsageError: an unknown kind or key, or a value that the encoder refuses.
    """
    own = sorted(SHARED_KEYS)
    if mapping.get("kind") == CLAP:
        mapping = {**_CLAP_DEFAULTS, **mapping}
    settings = {key: value for key, value in mapping.items() if key in own}
    options = {key: value for key, value in mapping.items() if key not in own}
    config = from_mapping(EncoderConfig, {**settings, "options": json.dumps(options, sort_keys=True)}, "[encoder]")
    if config.kind == IMPORTED:
        check_keys(options, own, "[encoder]")
    elif config.kind == "twfr":
        known = [field.name for field in dataclasses.fields(TwfrEncoder)]
        check_keys(options, known + own, "[encoder]")
        _twfr(options)
    elif config.kind == CLAP:
        check_keys(options, _CLAP_OPTIONS + own, "[encoder]")
        _clap(options)
        _check_clap_length(config)
    elif ":" not in config.kind:
        raise UsageError(
            f"[encoder] kind = {config.kind!r} is unknown{did_you_mean(config.kind, _KINDS)}, or package.module:Class"
        )
    return config


def new_encoder(config: EncoderConfig, device: str = "cpu") -> Encoder:
    """Make the encoder that a recipe asks for.

    Args:
        config: from `encoder_config`.
        device: ``cpu`` or ``cuda``; given to an encoder of one's own where its constructor takes ``device``.

    Raises:
        UsageError: embeddings are imported, so there is none; a class that cannot be had or does not keep `Encoder`.
    """
    options = json.loads(config.options)
    if config.kind == "twfr":
        return _twfr(options)
    if config.kind == CLAP:
        return dataclasses.replace(_clap(options), device=device)
    if config.kind == IMPORTED:
        raise UsageError("imported embeddings have no encoder: leave ARCHIVE out, or take a recipe with an encoder")
    return _own_encoder(config.kind, options, device)


def encoder_keys(kind: str) -> frozenset[str] | None:
    """The keys of ``[encoder]`` that an encoder of one's own takes; None where that cannot be told.

    Args:
        kind: ``package.module:Class``.
    """
    try:
        parameters = inspect.signature(_own_class(kind)).parameters
    except (UsageError, ValueError):  # it is not there, or hides what it takes
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return None
    return frozenset(parameters) - {"device"} | SHARED_KEYS


def embeddings_fingerprint(config: EncoderConfig) -> str:
    """Name the embeddings that a configuration gives: 16 hex digits, equal only where every embedding is.

    Batch size is left out: it may not change an embedding.
    """
    if config.kind == IMPORTED:
        if not config.name:
            raise UsageError("the recipe takes imported embeddings: say which with --encoder NAME")
        heard: list[object] = [IMPORTED, config.name]
    else:
        heard = [config.kind, config.clip_seconds, config.clip_rule, config.channel, new_encoder(config).fingerprint]
    return hashlib.blake2b(json.dumps(heard).encode(), digest_size=8).hexdigest()


def encoder_note(config: EncoderConfig) -> str:
    """What must be said wherever these embeddings are used, in one line; empty where nothing is."""
    return _clap(json.loads(config.options)).note if config.kind == CLAP else ""


def _clap(options: Mapping[str, Any]) -> ClapEncoder:
    return from_mapping(ClapEncoder, options, "[encoder]")


def _check_clap_length(config: EncoderConfig) -> None:
    if not CLAP_SHORTEST <= config.clip_seconds <= CLAP_LONGEST:
        raise UsageError(
            f"encoder.clip_seconds must lie between {CLAP_SHORTEST:g} and {CLAP_LONGEST:g} for MS-CLAP, "
            f"got {config.clip_seconds:g}; 7 is what it was trained on"
        )
    if config.clip_rule == "crop":
        raise UsageError('encoder.clip_rule = "crop" leaves short clips short: MS-CLAP needs "windows" or "tile"')


def _twfr(options: Mapping[str, Any]) -> TwfrEncoder:
    return from_mapping(TwfrEncoder, options, "[encoder]")


def _own_class(kind: str) -> Any:
    module_name, _, class_name = kind.partition(":")
    try:
        return getattr(importlib.import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise UsageError(f"[encoder] kind = {kind!r} cannot be imported: {error}; is its package installed?") from error


def _own_encoder(kind: str, options: Mapping[str, Any], device: str) -> Encoder:
    made = _own_class(kind)
    parameters = inspect.signature(made).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        check_keys(options, [name for name in parameters if name != "device"], "[encoder]")
    extra = {"device": device} if "device" in parameters else {}
    encoder = made(**options, **extra)
    for name in ("sample_rate", "embedding_dim", "fingerprint", "embed"):
        if not hasattr(encoder, name):
            raise UsageError(
                f"[encoder] kind = {kind!r} has no {name}: see asd_core/encoders/protocol.py for what is kept"
            )
    return cast(Encoder, encoder)
