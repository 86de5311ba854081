"""The kinds of encoder, and the way from a recipe's ``[encoder]`` table to an encoder.

To add a kind, write its class (`asd_core.encoders.protocol`) in a file of its own and a line in `KINDS`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from asd_core.encoders.config import IMPORTED, SHARED_KEYS, EncoderConfig
from asd_core.encoders.protocol import Encoder, grouping
from asd_core.encoders.trained_options import digest_in, digest_note
from asd_core.errors import UsageError, did_you_mean
from asd_core.named_class import constructor_keys, made_by, named_class
from asd_core.settings import check_keys, from_mapping


@dataclass(frozen=True)
class EncoderKind:
    """One kind of encoder.

    Attributes:
        encoder: ``module:Class``, imported when it is first asked for; empty where embeddings are made elsewhere.
        is_own: a class of a user's own package, which its fields say nothing of.
        defaults: the kind's own defaults for keys that all kinds have.
        uses_device: it computes on the device that it is given, a GPU where there is one.
        shares_r: encoders that differ only in ``r`` share one pass over the audio.
        gives_captions: captions are made from its embeddings.
        has_note: its encoders have a ``note``, which must be said wherever their embeddings are used.
        is_trainable: ``asd train`` can train it: it is a `asd_core.encoders.protocol.TrainableEncoder`.
        tells_classes: its networks tell the classes of AudioSet beside their embeddings.
        named: the option that a recipe may write as ``name``; "" for none.
    """

    encoder: str
    is_own: bool = False
    defaults: Mapping[str, Any] = field(default_factory=dict)
    uses_device: bool = True
    shares_r: bool = False
    gives_captions: bool = False
    has_note: bool = False
    is_trainable: bool = False
    tells_classes: bool = False
    named: str = ""

    @property
    def is_from_audio(self) -> bool:
        """Its embeddings are made here from recordings; those of the others are only looked up."""
        return bool(self.encoder)


_CLAP_DEFAULTS = {"clip_seconds": 7.0, "clip_rule": "windows", "batch_size": 256}
_MULTIRES_DEFAULTS = {"clip_seconds": 18.0, "clip_rule": "tile"}


KINDS = {
    "twfr": EncoderKind("asd_core.encoders.twfr:TwfrEncoder", uses_device=False, shares_r=True),
    "clap": EncoderKind(
        "asd_core.encoders.clap.encoder:ClapEncoder", defaults=_CLAP_DEFAULTS, gives_captions=True, has_note=True
    ),
    "multires": EncoderKind(
        "asd_core.encoders.multires.encoder:MultiresEncoder",
        defaults=_MULTIRES_DEFAULTS,
        has_note=True,
        is_trainable=True,
    ),
    "efficientat": EncoderKind(
        "asd_core.encoders.efficientat.encoder:EfficientAtEncoder",
        has_note=True,
        is_trainable=True,
        tells_classes=True,
        named="network",
    ),
    "anopatch": EncoderKind(
        "asd_core.encoders.anopatch.encoder:AnopatchEncoder",
        defaults={"clip_rule": "tile"},
        has_note=True,
        is_trainable=True,
    ),
    "panns": EncoderKind("asd_core.encoders.panns.encoder:PannsEncoder", defaults=_MULTIRES_DEFAULTS, has_note=True),
    "openl3": EncoderKind("asd_core.encoders.openl3:OpenL3Encoder", defaults=_MULTIRES_DEFAULTS, uses_device=False),
    IMPORTED: EncoderKind("", uses_device=False),
}


def kind_of(name: str) -> EncoderKind:
    """The kind that a recipe names; a class of one's own is not imported for it.

    Raises:
        UsageError: there is no such kind.
    """
    if ":" in name:
        return EncoderKind(name, is_own=True)
    if name not in KINDS:
        raise UsageError(f"[encoder] kind = {name!r} is unknown{did_you_mean(name, KINDS)}, or package.module:Class")
    return KINDS[name]


_KEPT = ("sample_rate", "embedding_dim", "fingerprint", "embed")


def encoder_config(mapping: Mapping[str, Any]) -> EncoderConfig:
    """Check a recipe's ``[encoder]`` table. A class of one's own is asked about its settings by `new_encoder`.

    Raises:
        UsageError: an unknown kind or key, or a value that the encoder refuses.
    """
    name = mapping.get("kind", EncoderConfig.kind)
    if isinstance(name, str):
        mapping = {**kind_of(name).defaults, **mapping}
        if (named := kind_of(name).named) and named not in mapping and "name" in mapping:
            mapping[named] = mapping.pop("name")
    settings = {key: value for key, value in mapping.items() if key in SHARED_KEYS}
    options = {key: value for key, value in mapping.items() if key not in SHARED_KEYS}
    config = from_mapping(EncoderConfig, {**settings, "options": json.dumps(options, sort_keys=True)}, "[encoder]")
    kind = kind_of(config.kind)
    if kind.is_own:
        return config
    check_keys(options, sorted(encoder_keys(config.kind) or ()), "[encoder]")
    if kind.is_from_audio and (check := getattr(new_encoder(config), "check_clips", None)):
        check(config.clip_seconds, config.clip_rule)
    return config


def new_encoder(config: EncoderConfig, device: str = "cpu") -> Encoder:
    """Make the encoder that a recipe asks for.

    Args:
        config: from `encoder_config`.
        device: ``cpu`` or ``cuda``; given to an encoder whose constructor takes ``device``.

    Raises:
        UsageError: embeddings are imported, so there is none; a class that cannot be had or does not keep `Encoder`.
    """
    kind, options = kind_of(config.kind), json.loads(config.options)
    if not kind.is_from_audio:
        raise UsageError("imported embeddings have no encoder: leave ARCHIVE out, or take a recipe with an encoder")
    if kind.is_own:
        file = "asd_core/encoders/protocol.py"
        return cast(Encoder, made_by(config.kind, options, "[encoder]", _KEPT, file, device=device))
    made = from_mapping(named_class(kind.encoder, "[encoder]"), options, "[encoder]")
    return cast(Encoder, dataclasses.replace(made, device=device) if kind.uses_device else made)


def named_groups(config: EncoderConfig) -> tuple[tuple[str, int], ...]:
    """The groups of an encoder's embeddings by name, and how many numbers each has, in order.

    Raises:
        UsageError: the encoder names none, or embeddings are imported.
    """
    found = grouping(new_encoder(config)) if kind_of(config.kind).is_from_audio else None
    if found is None:
        raise UsageError(
            f'detector.groups = "named", but embeddings of kind {config.kind} name no groups: write a number, such as '
            "8, for equal ones"
        )
    return tuple((str(name), int(length)) for name, length in found.groups)


def encoder_keys(name: str) -> frozenset[str] | None:
    """The keys of ``[encoder]`` that a kind takes; None where a class of one's own does not tell.

    Raises:
        UsageError: there is no such kind.
    """
    kind = kind_of(name)
    if not kind.is_from_audio:
        return SHARED_KEYS
    try:
        own = constructor_keys(named_class(kind.encoder, "[encoder]"))
    except (UsageError, ValueError):  # it is not there, or hides what it takes
        return None
    return None if own is None else own | SHARED_KEYS


def embeddings_fingerprint(config: EncoderConfig) -> str:
    """Name the embeddings that a configuration gives: 16 hex digits, equal only where every embedding is.

    Batch size is left out: it may not change an embedding.
    """
    if kind_of(config.kind).is_from_audio:
        heard: list[object] = [config.kind, config.clip_seconds, config.clip_rule, config.channel]
        if config.is_segmented:
            heard.append(config.hop_seconds or config.clip_seconds)
        heard.append(new_encoder(config).fingerprint)
    elif not config.name:
        raise UsageError("the recipe takes imported embeddings: say which with --encoder NAME")
    else:
        heard = [IMPORTED, config.name]
    return hashlib.blake2b(json.dumps(heard).encode(), digest_size=8).hexdigest()


def encoder_note(config: EncoderConfig) -> str:
    """One line that must be said wherever these embeddings are used; empty where nothing must."""
    if digest := digest_in(config.options):
        return digest_note(digest)
    return str(getattr(new_encoder(config), "note", "")) if kind_of(config.kind).has_note else ""
