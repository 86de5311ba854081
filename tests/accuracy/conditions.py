"""Simulated machines under several working conditions, as an archive in the manner of DCASE 2023.

A machine of each type runs at six speeds: four make the source domain, with many clips each, two that lie between them
the target domain, with few. Faults are in half of the test clips, mild or moderate ones. With noise, another type's
sound lies over every clip, 0 to 10 dB below the machine's.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile
from numpy.typing import NDArray

from asd_core.synthesis.fleet.faults import KINDS, SEVERITIES, with_fault
from asd_core.synthesis.fleet.machine import MACHINE_TYPES, Machine, build_machine, healthy_sound
from asd_core.synthesis.signals import from_db, rms

RATE = 16_000
SOURCE_SPEEDS, TARGET_SPEEDS = (0.8, 1.0, 1.2, 1.4), (0.9, 1.3)  # of the machine's own
NOISE_DB = (0.0, 10.0)  # machine over noise
FAULTS = ("mild", "moderate")


@dataclass(frozen=True)
class Counts:
    """Clips of each condition: to train on, and of each class to test."""

    train: int
    test: int


SOURCE, TARGET = Counts(20, 6), Counts(4, 12)


def write_conditions(root: Path, is_noisy: bool, seed: int = 0, seconds: float = 4.0) -> Path:
    """Write the archive; the same arguments give the same bytes."""
    for kind in MACHINE_TYPES:
        for number, (domain, speed, split, condition) in enumerate(_plan()):
            attributes = f"speed_{speed:g}"
            name = f"section_00_{domain}_{split}_{condition}_{number:04d}_{attributes}.wav"
            rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), number])
            path = root / kind / split / name
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, _clip(kind, speed, condition, is_noisy, seed, seconds, rng), RATE, subtype="FLOAT")
    return root


def _plan() -> Iterator[tuple[str, float, str, str]]:
    for domain, speeds, counts in (("source", SOURCE_SPEEDS, SOURCE), ("target", TARGET_SPEEDS, TARGET)):
        for speed in speeds:
            yield from ((domain, speed, "train", "normal") for _ in range(counts.train))
            for condition in ("normal", "anomaly"):
                yield from ((domain, speed, "test", condition) for _ in range(counts.test))


def _clip(
    kind: str, speed: float, condition: str, is_noisy: bool, seed: int, seconds: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    own = build_machine(kind, 0, seed)
    machine = replace(own, speed=own.speed * speed)
    sound = _healthy(machine, seconds, rng)
    if condition == "anomaly":
        fault, severity = str(rng.choice(KINDS[kind])), SEVERITIES[str(rng.choice(FAULTS))]
        sound = with_fault(sound, fault, severity, machine, RATE, rng)
    if is_noisy:
        other = str(rng.choice([one for one in MACHINE_TYPES if one != kind]))
        noise = _healthy(build_machine(other, 0, seed), seconds, rng)
        sound = sound + noise * np.float32(machine_over(machine, noise) * from_db(-rng.uniform(*NOISE_DB)))
    return np.clip(sound, -1, 1).astype(np.float32)


def machine_over(machine: Machine, noise: NDArray[np.float32]) -> float:
    """The factor that brings noise to the level at which a healthy machine is recorded.

    Taken from the machine, not from the clip: a fault that changes the level must not change the noise.
    """
    return from_db(machine.level_db) / rms(noise)


def _healthy(machine: Machine, seconds: float, rng: np.random.Generator) -> NDArray[np.float32]:
    return healthy_sound(machine, round(seconds * RATE), RATE, rng, rng)


def hidden(clips: pa.Table) -> pa.Table:
    """The clips with their attributes taken away."""
    place = clips.column_names.index("attributes")
    return clips.set_column(place, clips.schema.field("attributes"), pa.array([""] * len(clips)))
