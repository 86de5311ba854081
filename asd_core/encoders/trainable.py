"""Encoders that ``asd train`` can train: which ones, and the table that makes their network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from asd_core.encoders.build import encoder_keys, kind_of, new_encoder
from asd_core.encoders.config import SHARED_KEYS, EncoderConfig
from asd_core.encoders.trained_options import FROM_RANDOM
from asd_core.named_class import named_class

if TYPE_CHECKING:
    from torch.nn import Module


def is_trainable(config: EncoderConfig) -> bool:
    """True where ``asd train`` can train an encoder of this kind; a class of one's own is imported for it."""
    kind = kind_of(config.kind)
    return kind.is_trainable or (kind.is_own and hasattr(named_class(config.kind, "[encoder]"), "new_network"))


def encoder_table(config: EncoderConfig) -> dict[str, Any]:
    """The complete ``[encoder]`` table of an encoder that is made here, defaults filled in; JSON values, no None."""
    made = new_encoder(config)
    own = (encoder_keys(config.kind) or frozenset()) - SHARED_KEYS
    table = {name: getattr(config, name) for name in sorted(SHARED_KEYS)} | json.loads(config.options)
    table |= {name: getattr(made, name) for name in sorted(own) if hasattr(made, name)}
    given = {name: value for name, value in table.items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def new_network(table: Mapping[str, Any], seed: int) -> Module:
    """The network that training begins with; see `asd_core.encoders.protocol.TrainableEncoder`.

    Args:
        table: the complete ``[encoder]`` table; empty ``weights`` are random ones, where pretrained ones are not the
            rule (``is_pretrained``).
        seed: of all that is drawn at random.
    """
    named = named_class(kind_of(str(table["kind"])).encoder, "[encoder]")
    default = "" if getattr(named, "is_pretrained", False) else "random"
    return cast("Module", named.new_network({**table, "weights": table.get("weights") or default}, seed))


def begins_at_random(table: Mapping[str, Any]) -> bool:
    """True where training begins from random weights, though the kind's rule is pretrained ones (``is_pretrained``)."""
    if str(table.get("digest", "")).startswith(FROM_RANDOM):
        return True
    named = named_class(kind_of(str(table["kind"])).encoder, "[encoder]")
    weights = str(table.get("weights", "")).partition(":")[0]
    return bool(getattr(named, "is_pretrained", False)) and weights in ("", "random") and not table.get("digest")
