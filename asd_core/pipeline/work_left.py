"""An estimate of the work in shards: how long one CPU would take to decode and embed them.

It only has to tell seconds from minutes, so that an engine can be chosen. The figures are measured on one core of a
small server (docs/performance.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.compute as pc

from asd_core.encoders.build import kind_of
from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.shards import Shard

_A_CLIP = 0.0005  # seconds: opening, checking, its row
_A_FETCHED_CLIP = 0.006  # from S3 that answers after 30 ms, 16 clips ahead
_A_MEGABYTE = {"spectrum": 0.006, "unknown": 0.06, "network": 1.0}  # seconds, of 16-bit samples at 16 kHz


def seconds_of(shards: Sequence[Shard]) -> float:
    """Seconds that one CPU would work on the shards."""
    return sum(_seconds(shard) for shard in shards)


def _seconds(shard: Shard) -> float:
    far = pc.sum(pc.starts_with(shard.clips["uri"], "s3://")).as_py() or 0
    megabytes = (pc.sum(shard.clips["size"]).as_py() or 0) / 1e6
    return len(shard.clips) * _A_CLIP + far * _A_FETCHED_CLIP + megabytes * _A_MEGABYTE[_work_of(shard.encoder)]


def _work_of(config: EncoderConfig) -> str:
    """``network`` where an encoder computes on a device, ``unknown`` for a class of one's own, else ``spectrum``."""
    kind = kind_of(config.kind)
    if kind.is_own:
        return "unknown"
    return "network" if kind.uses_device else "spectrum"
