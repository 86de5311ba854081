"""A generator without networks, and what it is asked for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from asd_core.recipe.generator_settings import GeneratorConfig

QUICK = GeneratorConfig(clips=4, candidates=2, generate_batch=4, ddim_steps=2, seconds=0.5, size="tiny")
RATE = 16_000


def wanted_of(*kinds, clips=4):
    """Captions of clips of both conditions for machines given as (type, id)."""
    rows = [
        {
            "machine_type": machine_type,
            "machine_id": machine_id,
            "domain": "target" if number == clips - 1 else "source",
            "attributes": f"car_B{number}",
            "condition": condition,
            "caption": f"This is the {condition} sound of a {machine_type} B{number}.",
        }
        for machine_type, machine_id in kinds
        for condition in ("normal", "anomalous")
        for number in range(clips)
    ]
    return pa.Table.from_pylist(rows)


@dataclass(frozen=True)
class NoiseSource:
    """Opens a generator of seeded noise.

    Attributes:
        bad: seeds → how their samples are spoilt: "silent", "not_finite" or "same".
    """

    bad: tuple[tuple[int, str], ...] = ()
    digest: str = "d1"
    note: str = "random weights (seed 0)"

    def open(self):
        return Noise(dict(self.bad))


class Noise:
    """Noise by caption and seed; near to a caption where it is loud."""

    sample_rate = RATE

    def __init__(self, bad):
        self._bad = bad

    def generate(self, captions, seeds):
        return np.stack([self._one(caption, seed) for caption, seed in zip(captions, seeds, strict=True)])

    def similarity(self, waveforms, caption):
        return np.abs(waveforms).max(axis=1).astype(np.float64)

    def _one(self, caption, seed):
        bad = self._bad.get(seed)
        words = "" if bad == "same" else f"{caption}{seed}"
        rng = np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest()[:8]))
        sound = (rng.uniform(0.1, 0.9) * rng.uniform(-1, 1, RATE // 2)).astype(np.float32)
        return sound * np.float32({"silent": 0.0, "not_finite": np.nan}.get(bad, 1.0))
