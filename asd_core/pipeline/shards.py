"""Shards: the unit of embedding work, and its outcome."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from asd_core.encoders.config import EncoderConfig


@dataclass(frozen=True)
class Shard:
    """Clips that are embedded and committed together.

    Attributes:
        name: hash of the clips' ids and the fingerprint: the same clips always end in the same file.
        clips: rows of CLIPS.
        encoder: what embeds them.
        fingerprint: of the embeddings.
    """

    name: str
    clips: pa.Table
    encoder: EncoderConfig
    fingerprint: str


@dataclass(frozen=True)
class ShardOutcome:
    """The outcome of a shard once it is committed.

    Attributes:
        name: the shard's.
        errors: clip id → reason of the clips that its file holds as errors.
        transient: clip id → (reason, message) of clips that a later run shall try again; not in the file.
        decode_seconds: time spent reading and decoding.
        encode_seconds: time spent embedding.
    """

    name: str
    errors: dict[str, str]
    transient: dict[str, tuple[str, str]]
    decode_seconds: float = 0.0
    encode_seconds: float = 0.0


def outcome_from(told: Mapping[str, Any]) -> ShardOutcome:
    """A shard's outcome from its fields after a trip as JSON, which makes lists of tuples."""
    transient = {clip_id: (reason, message) for clip_id, (reason, message) in told["transient"].items()}
    return ShardOutcome(**{**told, "transient": transient})


def shard_to_bytes(shard: Shard) -> bytes:
    """A shard as bytes that travel between processes."""
    head = json.dumps({"name": shard.name, "fingerprint": shard.fingerprint, "encoder": asdict(shard.encoder)})
    table = shard.clips.replace_schema_metadata({b"shard": head.encode()})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def shard_from_bytes(data: bytes) -> Shard:
    """The inverse of `shard_to_bytes`."""
    table = pa.ipc.open_stream(data).read_all()
    head: dict[str, Any] = json.loads(table.schema.metadata[b"shard"])
    return Shard(
        head["name"], table.replace_schema_metadata(None), EncoderConfig(**head["encoder"]), head["fingerprint"]
    )


def shard_name(clip_ids: list[str], fingerprint: str) -> str:
    """32 hex digits that name a set of clips under one fingerprint."""
    return hashlib.blake2b(json.dumps([fingerprint, sorted(clip_ids)]).encode(), digest_size=16).hexdigest()
