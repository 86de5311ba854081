"""Faults of simulated machines and their sound.

    bearing     impulses at the rate the rolling elements pass the damage, ringing and swelling once a turn
    imbalance   a tone at the shaft's speed
    squeal      a tone with harmonics, of a dry belt or rail
    leak        hiss at high frequencies, of escaping air
    rattle      bursts at no regular time, of a loose part
    modulation  the whole sound swells and fades: cavitation, or a tooth that is worn
    level_drop  the whole sound fades: a load is gone

A severity is a number of decibels S, 6 dB apart from the next. The rms of an added sound is S - 21 dB against the
clip's own; ``modulation`` has sidebands at S - 24 dB against their carrier; ``level_drop`` takes S dB.
"""

from __future__ import annotations

import numpy as np

from asd_core.synthesis.fleet.machine import Machine
from asd_core.synthesis.signals import (
    Rng,
    Samples,
    bursts,
    frequencies,
    from_db,
    rattling,
    ringing,
    rms,
    shaped_noise,
    squealing,
    tones,
    unit_rms,
)

SEVERITIES = {"mild": 6.0, "moderate": 12.0, "severe": 18.0}
"""Severity → dB."""

KINDS = {
    "fan": ("bearing", "imbalance", "squeal", "rattle", "level_drop"),
    "pump": ("modulation", "bearing", "leak", "imbalance"),
    "gearbox": ("bearing", "modulation", "squeal", "imbalance"),
    "valve": ("leak", "level_drop", "rattle"),
    "slider": ("squeal", "rattle", "level_drop"),
}
"""Machine type → kinds of faults that it can have."""

BEARING_ORDER = 3.57
"""Damage impulses in a shaft turn: no whole number, because they would hide among the harmonics."""

MODULATION_HZ = 4.3


def with_fault(sound: Samples, kind: str, severity_db: float, machine: Machine, sample_rate: int, rng: Rng) -> Samples:
    """The recording of a healthy machine with a fault put into it, (T,) float32 within [-1, 1]."""
    match kind:
        case "level_drop":
            changed = sound * np.float32(from_db(-severity_db))
        case "modulation":
            seconds = np.arange(len(sound)) / sample_rate
            depth = 2 * from_db(severity_db - 24)
            changed = sound * (1 + depth * np.sin(2 * np.pi * (MODULATION_HZ * seconds + rng.random()))).astype(
                np.float32
            )
        case _:
            added = unit_rms(_added(kind, machine, len(sound), sample_rate, rng))
            changed = sound + added * np.float32(rms(sound) * from_db(severity_db - 21))
    return np.clip(changed, -1, 1)


def _added(kind: str, machine: Machine, count: int, sample_rate: int, rng: Rng) -> Samples:
    seconds = np.arange(count) / sample_rate
    match kind:
        case "bearing":
            starts = np.arange(0, count / sample_rate, 1 / (BEARING_ORDER * machine.speed))
            starts = starts + rng.normal(0, 0.01 / (BEARING_ORDER * machine.speed), len(starts))
            heights = 1 + 0.5 * np.sin(2 * np.pi * machine.speed * starts)
            return bursts(starts, heights, ringing(0.21 * sample_rate, 0.002, sample_rate), count, sample_rate)
        case "imbalance":
            return tones(machine.speed * seconds, (1.0, 0.1), rng)
        case "squeal":
            return squealing(machine.squeal_hz, count, sample_rate, rng)
        case "leak":
            hertz = frequencies(count, sample_rate) / (0.25 * sample_rate)
            return shaped_noise((hertz**4 / (1 + hertz**4)).astype(np.float32), count, rng)
        case _:  # rattle
            return rattling(12, count, sample_rate, rng)
