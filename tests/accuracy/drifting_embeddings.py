"""Embeddings of a fleet that drifts, without any sound: on which rules that let banks grow are judged.

An embedding is the sum of a place of the machine, a part of the night and a part of the clip. The part of the clip has
a deviation of 1 in each of its dimensions, and so has the part of the night where ``night_effects`` is 1. From the
first night that is not learnt on, three things move embeddings; all are in deviations of a clip:

    season    every machine goes one way, evenly, along a direction that the fleet has in common and one of its own; how
              far differs from machine to machine
    faults    a machine goes a way of its own, by so much a night, until it is as far as it gets
    change    all machines stand elsewhere from a night on: a new gain

No rule is known here, and nothing here is changed after a rule was judged on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DriftingFleet:
    """A fleet whose embeddings are drawn.

    Attributes:
        machines: number of machines.
        learnt: nights before anything moves.
        nights: nights after these.
        clips: of each machine and night.
        dimensions: of an embedding.
        night_effects: variance between nights against that between clips of a night.
        season: how far the middle machine has gone after the last night.
        response: deviation of the logarithm of how far machines go.
        own_way: length of a machine's own direction beside the common one.
        change: how far all machines stand elsewhere from the ``change_night`` on.
        change_night: counted from the first that is not learnt.
        seed: of everything random.
    """

    machines: int = 40
    learnt: int = 14
    nights: int = 60
    clips: int = 5
    dimensions: int = 16
    night_effects: float = 0.5
    season: float = 0.0
    response: float = 0.3
    own_way: float = 0.5
    change: float = 0.0
    change_night: int = 30
    seed: int = 0


@dataclass(frozen=True)
class SlowFault:
    """A fault that grows.

    Attributes:
        machine: its position.
        night: on which it begins, counted from the first that is not learnt.
        per_night: how far a night takes it.
        most: how far it gets.
    """

    machine: int
    night: int
    per_night: float
    most: float = 12.0


def embeddings(fleet: DriftingFleet, faults: tuple[SlowFault, ...] = ()) -> NDArray[np.float32]:
    """Embeddings (machines, learnt + nights, clips, dimensions)."""
    rng = np.random.default_rng(fleet.seed)
    total = fleet.learnt + fleet.nights
    size = (fleet.machines, total, fleet.clips, fleet.dimensions)
    found = rng.standard_normal(size)
    found += np.sqrt(fleet.night_effects) * rng.standard_normal((*size[:2], 1, fleet.dimensions))
    found += 5 * rng.standard_normal((fleet.machines, 1, 1, fleet.dimensions))
    common = _unit(rng.standard_normal((1, fleet.dimensions)))
    ways = _unit(common + fleet.own_way * _unit(rng.standard_normal((fleet.machines, fleet.dimensions))))
    far = fleet.season * np.exp(fleet.response * rng.standard_normal(fleet.machines))
    own_ways = _unit(rng.standard_normal((fleet.machines, fleet.dimensions)))
    gain = _unit(rng.standard_normal((1, fleet.dimensions)))
    night = np.arange(total) - fleet.learnt + 1
    gone = np.maximum(night, 0)[None, :] / fleet.nights * far[:, None]
    found += (gone[:, :, None] * ways[:, None, :])[:, :, None]
    found += (fleet.change * (night > fleet.change_night))[None, :, None, None] * gain[:, None, None]
    for fault in faults:
        grown = np.clip((night - fault.night) * fault.per_night, 0, fault.most)
        found[fault.machine] += (grown[:, None] * own_ways[fault.machine])[:, None]
    return found.astype(np.float32)


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(values / np.linalg.norm(values, axis=-1, keepdims=True))
