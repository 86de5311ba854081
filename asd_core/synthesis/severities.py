"""Simulated anomalies by kind and severity: their amounts, and the recording with the fault.

    kind          what grows with severity                 least ... most    what else is drawn
    knocks        peak over the own level                   9 ... 27 dB      2-10 knocks/s, resonance at 1-4 kHz
    rattle        rms of the bursts against the own level  -20 ... 0 dB      4-16 bursts/s
    squeal        line over the noise of its critical band  3 ... 24 dB      1.5-4 kHz
    hum           the same                                  0 ... 15 dB      100 or 120 Hz
    band_loss     loss within one octave                    3 ... 30 dB      its middle, 250 Hz to 0.35 of the rate
    stall         share of the recording                   10 ... 100 %      when
    speed_change  speed                                     1 ... 13 %       faster or slower
    level         level                                     1 ... 12 dB      louder or quieter

The amount is least + severity · (most − least) for a severity in (0, 1]: it never becomes nothing. The other draws do
not depend on the severity, so that one recording with one seed only grows worse with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from asd_core.errors import ClipError, UsageError, did_you_mean
from asd_core.synthesis.anomalies import (
    add_hum,
    add_knocks,
    add_rattle,
    add_squeal,
    change_level,
    change_speed,
    lose_band,
    stall,
    within_full_scale,
)
from asd_core.synthesis.signals import Rng, Samples

AMOUNTS = {
    "knocks": ("peak_db", 9.0, 27.0),
    "rattle": ("level_db", -20.0, 0.0),
    "squeal": ("prominence_db", 3.0, 24.0),
    "hum": ("prominence_db", 0.0, 15.0),
    "band_loss": ("loss_db", 3.0, 30.0),
    "stall": ("share", 0.1, 1.0),
    "speed_change": ("ratio", 0.01, 0.13),  # 1 + amount, or 1 / (1 + amount)
    "level": ("decibels", 1.0, 12.0),
}
"""Kind → the amount that grows with severity, its least and its most."""

KINDS = tuple(AMOUNTS)

SHORTEST_SECONDS = 0.25  # shortest recording that can have a fault


@dataclass(frozen=True)
class SimulatedAnomaly:
    """A recording with a fault put into it.

    Attributes:
        waveform: (T,) float32.
        amounts: of the fault, in the units of `asd_core.synthesis.anomalies`.
        share: the share of the fault that fits into full scale; see `within_full_scale`.
    """

    waveform: Samples
    amounts: Mapping[str, float]
    share: float


def simulate_anomaly(waveform: Samples, kind: str, severity: float, sample_rate: int, rng: Rng) -> SimulatedAnomaly:
    """Put a fault into a recording.

    Args:
        waveform: (T,) float32, in [-1, 1] unless a float file is beyond that.
        kind: one of KINDS.
        severity: in (0, 1].
        sample_rate: Hz.
        rng: draws everything random; see `generator`.

    Raises:
        UsageError: no such kind or severity.
        ClipError: ``too_short``, less than a quarter of a second.
    """
    if len(waveform) < SHORTEST_SECONDS * sample_rate:
        raise ClipError(
            "too_short",
            f"{len(waveform) / sample_rate:.3f} s are too short for a fault: {SHORTEST_SECONDS} s are needed",
        )
    amounts = draw_amounts(kind, severity, sample_rate, rng)
    changed, share = within_full_scale(waveform, _with_fault(waveform, kind, amounts, sample_rate, rng))
    return SimulatedAnomaly(np.asarray(changed, np.float32), amounts, share)


def draw_amounts(kind: str, severity: float, sample_rate: int, rng: Rng) -> dict[str, float]:
    """Arguments of the kind's function: the amount of a severity, and the other draws.

    Raises:
        UsageError: no such kind or severity.
    """
    check_kind(kind)
    if not 0 < severity <= 1:
        raise UsageError(f"the severity of a simulated anomaly must lie above 0 and up to 1, not {severity}")
    name, least, most = AMOUNTS[kind]
    amount, up = least + severity * (most - least), bool(rng.random() < 0.5)
    highest = 0.4 * sample_rate  # Hz: the Nyquist frequency, and room for a filter
    rest: dict[str, float] = {}
    match kind:
        case "knocks":
            rest = {"per_second": rng.uniform(2, 10), "hertz": min(rng.uniform(1000, 4000), highest)}
        case "rattle":
            rest = {"per_second": rng.uniform(4, 16)}
        case "squeal":
            rest = {"hertz": min(rng.uniform(1500, 4000), highest)}
        case "hum":
            rest = {"hertz": 120.0 if up else 100.0}
        case "band_loss":
            rest = {"middle_hz": float(np.exp(rng.uniform(np.log(250), np.log(0.35 * sample_rate))))}
        case "speed_change":
            amount = 1 + amount if up else 1 / (1 + amount)
        case "level":
            amount = amount if up else -amount
    return {name: amount, **rest}


def check_kind(kind: str) -> None:
    """Raise UsageError for an unknown kind of anomaly."""
    if kind not in AMOUNTS:
        raise UsageError(f"unknown simulated anomaly {kind!r}" + did_you_mean(kind, KINDS))


def generator(seed: int, *names: str) -> Rng:
    """A generator for one purpose, the same in every process: seeded with the hash of the seed and the names."""
    digest = hashlib.blake2b(json.dumps([seed, *names]).encode(), digest_size=16).digest()
    return np.random.default_rng(int.from_bytes(digest, "big"))


def _with_fault(waveform: Samples, kind: str, amounts: Mapping[str, float], sample_rate: int, rng: Rng) -> Samples:
    match kind:
        case "knocks":
            return add_knocks(waveform, sample_rate, rng, **amounts)
        case "rattle":
            return add_rattle(waveform, sample_rate, rng, **amounts)
        case "squeal":
            return add_squeal(waveform, sample_rate, rng, **amounts)
        case "hum":
            return add_hum(waveform, sample_rate, rng, **amounts)
        case "band_loss":
            return lose_band(waveform, sample_rate, **amounts)
        case "stall":
            return stall(waveform, sample_rate, rng, **amounts)
        case "speed_change":
            return change_speed(waveform, sample_rate, **amounts)
        case _:  # level
            return change_level(waveform, **amounts)
