"""Batches and their outcomes as text: Ray Tune keeps a trial's configuration and result, and copies them often."""

from __future__ import annotations

import base64
import dataclasses
import json
import zlib

import numpy as np

from asd_core.tuning.batches import Batch, BatchOutcome


def batch_text(batch: Batch) -> str:
    """A batch as a short text."""
    settings = [dict(setting) for setting in batch.settings]
    data = json.dumps([batch.number, batch.machine, batch.setting_ids, settings]).encode()
    return base64.b85encode(zlib.compress(data)).decode()


def batch_from(text: str) -> Batch:
    """The inverse of `batch_text`."""
    number, machine, setting_ids, settings = json.loads(zlib.decompress(base64.b85decode(text)))
    return Batch(number, machine, tuple(setting_ids), tuple(settings))


def outcome_text(outcome: BatchOutcome) -> str:
    """The outcome of a batch as text."""
    return json.dumps({**dataclasses.asdict(outcome), "figures": outcome.figures.tolist()})


def outcome_from(text: str) -> BatchOutcome:
    """The inverse of `outcome_text`."""
    fields = json.loads(text)
    errors = {int(place): error for place, error in fields["errors"].items()}
    return BatchOutcome(np.array(fields["figures"], np.float64), errors, fields["seconds"], fields["commit_seconds"])
