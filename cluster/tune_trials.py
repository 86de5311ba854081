"""Batches and what they came to, as text: Ray Tune keeps a trial's configuration and result, and copies them often."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib
from typing import Any

import numpy as np

from asd_core.tuning.batches import Batch, BatchOutcome


def packed(batch: Batch) -> str:
    """A batch as a short text."""
    settings = [dict(setting) for setting in batch.settings]
    data = json.dumps([batch.number, batch.machine, batch.setting_ids, settings]).encode()
    return base64.b85encode(zlib.compress(data)).decode()


def unpacked(text: str) -> Batch:
    """The inverse of `packed`."""
    number, machine, names, settings = json.loads(zlib.decompress(base64.b85decode(text)))
    return Batch(number, machine, tuple(names), tuple(settings))


def outcome_text(outcome: BatchOutcome) -> str:
    """What a batch came to as text."""
    return json.dumps({**dataclasses.asdict(outcome), "figures": outcome.figures.tolist()})


def outcome_from(text: str) -> BatchOutcome:
    """The inverse of `outcome_text`."""
    told: dict[str, Any] = json.loads(text)
    errors = {int(place): error for place, error in told["errors"].items()}
    figures = np.array(told["figures"], np.float64)
    return BatchOutcome(figures, errors, told["seconds"], told["commit_seconds"])
