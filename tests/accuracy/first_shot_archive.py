"""Clips of simulated machines in the DCASE layout: real ones of an archive, and "generated" ones of known faults.

A machine runs under two domains: ``target`` is a tenth faster than ``source``, and learnt from few clips. Attributes
name the speed, as DCASE's do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from asd_core.synthesis.fleet.machine import Machine, build_machine, healthy_sound
from asd_core.synthesis.severities import generator, simulate_anomaly
from asd_core.synthesis.signals import Rng, Samples, frequencies, from_db, rms, shaped_noise, slow_wave, unit_rms

RATE = 16_000
SPEEDS = {"source": 1.0, "target": 1.1}


@dataclass(frozen=True)
class Part:
    """Clips of one machine that are written together.

    Attributes:
        split: "train" or "test".
        normal: number of normal clips of each domain, by domain.
        anomalous: number of anomalous clips of each domain, by domain.
        kinds: of faults, in turn (`asd_core.synthesis.severities.KINDS`); "" is no fault at all.
        severity: lowest and highest.
        background_db: lowest and highest level of the noise around the machine, against the machine's; None is none.
        peak: that each clip is scaled to, as a generator's clips are; None leaves clips as loud as the machine.
        seconds: of a clip.
        seed: of everything random.
    """

    split: str
    normal: dict[str, int]
    anomalous: dict[str, int]
    kinds: tuple[str, ...] = ("",)
    severity: tuple[float, float] = (0.1, 1.0)
    background_db: tuple[float, float] | None = None
    peak: float | None = None
    seconds: float = 10.0
    seed: int = 0


def write_clips(folder: Path, machine_type: str, part: Part, machine_seed: int = 0) -> int:
    """Write a part's clips below ``folder/<machine type>`` in the DCASE layout; returns their number.

    Args:
        folder: of the archive.
        machine_type: one of `asd_core.synthesis.fleet.MACHINE_TYPES`.
        part: its clips.
        machine_seed: of the machine's build: clips of one archive and of the generator share it.
    """
    place = folder / machine_type / part.split
    place.mkdir(parents=True, exist_ok=True)
    count = 0
    for name, sound in _clips(build_machine(machine_type, 0, machine_seed), part):
        scale = 1.0 if part.peak is None else part.peak / float(np.abs(sound).max())
        soundfile.write(place / name, sound * np.float32(scale), RATE, subtype="PCM_16")
        count += 1
    return count


def _clips(machine: Machine, part: Part) -> Iterator[tuple[str, Samples]]:
    for domain, speed in SPEEDS.items():
        own = replace(machine, speed=machine.speed * speed)
        for condition, counts in (("normal", part.normal), ("anomaly", part.anomalous)):
            for number in range(counts.get(domain, 0)):
                key = ("first-shot", part.split, domain, condition, str(number))
                sound = _sound(own, condition == "anomaly", number, part, key)
                yield f"section_00_{domain}_{part.split}_{condition}_{number:04d}_speed_{speed:g}.wav", sound


def _sound(machine: Machine, is_anomalous: bool, number: int, part: Part, key: tuple[str, ...]) -> Samples:
    night, clip, fault, around = (generator(part.seed, *key, name) for name in ("night", "clip", "fault", "around"))
    sound = healthy_sound(machine, round(part.seconds * RATE), RATE, night, clip)
    kind = part.kinds[number % len(part.kinds)] if is_anomalous else ""
    level = rms(sound)
    if kind:
        sound = simulate_anomaly(sound, kind, float(fault.uniform(*part.severity)), RATE, fault).waveform
    if part.background_db is None:
        return sound
    loudness = np.float32(level * from_db(float(around.uniform(*part.background_db))))
    return sound + loudness * _background(len(sound), around)


def _background(count: int, rng: Rng) -> Samples:
    """Noise of other machines, of rms 1: its spectrum falls by another slope, and its level moves, in every clip."""
    slope = float(rng.uniform(0.3, 0.9))
    shape = (1 / np.maximum(frequencies(count, RATE), 50.0) ** slope).astype(np.float32)
    moving = from_db(1) ** (3 * slow_wave(count, RATE, float(rng.uniform(0.2, 0.6)), rng))
    return unit_rms(shaped_noise(shape, count, rng) * moving.astype(np.float32))
