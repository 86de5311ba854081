"""Encoders that ``asd train`` can train: which ones, and the table that makes their network."""

from __future__ import annotations

import json
from typing import Any

from asd_core.encoders.build import encoder_keys, kind_of, new_encoder
from asd_core.encoders.config import SHARED_KEYS, EncoderConfig
from asd_core.named_class import named_class


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
