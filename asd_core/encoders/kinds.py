"""The kinds of encoder.

To add a kind, write its class (`asd_core.encoders.protocol`) in a file of its own and a line in `KINDS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from asd_core.errors import UsageError, did_you_mean

IMPORTED = "imported"


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
    named: str = ""

    @property
    def is_from_audio(self) -> bool:
        """Its embeddings are made here from recordings; those of the others are only looked up."""
        return bool(self.encoder)


KINDS = {
    "twfr": EncoderKind("asd_core.encoders.twfr:TwfrEncoder", uses_device=False, shares_r=True),
    "clap": EncoderKind(
        "asd_core.encoders.clap.encoder:ClapEncoder",
        defaults={"clip_seconds": 7.0, "clip_rule": "windows", "batch_size": 256},
        gives_captions=True,
        has_note=True,
    ),
    "multires": EncoderKind(
        "asd_core.encoders.multires.encoder:MultiresEncoder",
        defaults={"clip_seconds": 18.0, "clip_rule": "tile"},
        has_note=True,
        is_trainable=True,
    ),
    "efficientat": EncoderKind(
        "asd_core.encoders.efficientat.encoder:EfficientAtEncoder", has_note=True, named="network"
    ),
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
