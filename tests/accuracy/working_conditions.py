"""A simulated fleet whose machines run under several working conditions, on top of `asd_core.synthesis.fleet`.

The simulator builds machines and faults; a condition is the same machine at another speed, with other tones against its
noise. Three conditions are learnt from many clips (domain ``source``), a fourth from a few (``target``). The manifest
names the condition of each clip as its attribute, and the kind and severity of each fault.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile

from asd_core.synthesis.fleet.faults import KINDS, with_fault
from asd_core.synthesis.fleet.faults import SEVERITIES as SIMULATED
from asd_core.synthesis.fleet.machine import MACHINE_TYPES, Machine, build_machine, healthy_sound

COLUMNS = (
    *("path", "machine_type", "machine_id", "split", "domain", "attributes", "date"),
    *("condition", "fault", "severity"),
)

SEVERITIES = {"faint": 0.0, **SIMULATED}
"""Severity → dB: the simulator's own, and one of 6 dB less than its mildest, where few methods hear all."""


@dataclass(frozen=True)
class Condition:
    """A working condition.

    Attributes:
        name: the attribute of its clips.
        speed: factor on the machine's speed.
        tonal_db: added to its tones.
        domain: ``source``, or ``target`` where few clips are learnt.
    """

    name: str
    speed: float
    tonal_db: float
    domain: str


CONDITIONS = (
    Condition("speed_1", 0.8, -2.0, "source"),
    Condition("speed_2", 1.0, 0.0, "source"),
    Condition("speed_3", 1.25, 1.0, "source"),
    Condition("speed_4", 1.5, 3.0, "target"),
)


@dataclass(frozen=True)
class ConditionedFleet:
    """How large a fleet is, and how many clips it has.

    Attributes:
        machine_types: some of MACHINE_TYPES.
        machines_per_type: of each type.
        train_nights: nights to learn from; the next one is the test night.
        source_clips: of each machine, source condition and night to learn from.
        target_clips: of each machine and target condition, over all nights to learn from.
        test_normals: normal clips of each machine and condition in the test night.
        faulty: clips of each machine, kind of fault and severity in the test night, under conditions in turn.
        seconds: of each clip.
        sample_rate: Hz.
        seed: of everything.
    """

    machine_types: tuple[str, ...] = MACHINE_TYPES
    machines_per_type: int = 2
    train_nights: int = 6
    source_clips: int = 4
    target_clips: int = 4
    test_normals: int = 8
    faulty: int = 2
    seconds: float = 5.0
    sample_rate: int = 16_000
    seed: int = 0


@dataclass(frozen=True)
class _Clip:
    """One clip to be made."""

    machine: Machine
    condition: Condition
    night: int
    number: int
    fault: str = ""
    severity: str = ""


def write_fleet(folder: Path, fleet: ConditionedFleet) -> Path:
    """Write the recordings and their manifest, whose path is given back; nothing where it is there already."""
    manifest = folder / "manifest.csv"
    if manifest.exists():
        return manifest
    rows = []
    for index in range(len(fleet.machine_types) * fleet.machines_per_type):
        kind, number = fleet.machine_types[index // fleet.machines_per_type], index % fleet.machines_per_type
        machine = build_machine(kind, number, fleet.seed)
        rows += [_write(folder, fleet, clip) for clip in _clips(machine, fleet)]
    with manifest.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([COLUMNS, *rows])
    return manifest


def _clips(machine: Machine, fleet: ConditionedFleet) -> Iterator[_Clip]:
    for night in range(fleet.train_nights):
        for condition in CONDITIONS:
            several = _spread(fleet, night) if condition.domain == "target" else fleet.source_clips
            yield from (_Clip(machine, condition, night, number) for number in range(several))
    test = fleet.train_nights
    for condition in CONDITIONS:
        yield from (_Clip(machine, condition, test, number) for number in range(fleet.test_normals))
    for turn, (fault, severity) in enumerate(_faults(machine.machine_type)):
        for number in range(fleet.faulty):
            condition = CONDITIONS[(turn + number) % len(CONDITIONS)]
            yield _Clip(machine, condition, test, number, fault, severity)


def _spread(fleet: ConditionedFleet, night: int) -> int:
    """How many of the target clips fall on a night."""
    return sum(number % fleet.train_nights == night for number in range(fleet.target_clips))


def _faults(machine_type: str) -> Sequence[tuple[str, str]]:
    every = [(fault, severity) for fault in KINDS[machine_type] for severity in SEVERITIES]
    return [pair for pair in every if pair != ("level_drop", "faint")]  # which is a drop of 0 dB


def sound_of(clip: _Clip, fleet: ConditionedFleet) -> np.ndarray:
    """The clip's waveform, (T,) float32; the same machine, night, condition and number give the same."""
    condition, machine = clip.condition, clip.machine
    running = replace(machine, speed=machine.speed * condition.speed, tonal_db=machine.tonal_db + condition.tonal_db)
    key = [fleet.seed, zlib.crc32(machine.machine_type.encode()), int(machine.machine_id), clip.night]
    own = [CONDITIONS.index(condition), clip.number, zlib.crc32(f"{clip.fault} {clip.severity}".encode())]
    rng = np.random.default_rng([*key, *own])
    night = np.random.default_rng([*key, zlib.crc32(b"night")])
    sound = healthy_sound(running, round(fleet.seconds * fleet.sample_rate), fleet.sample_rate, night, rng)
    if clip.fault:
        sound = with_fault(sound, clip.fault, SEVERITIES[clip.severity], running, fleet.sample_rate, rng)
    return np.asarray(sound, np.float32)


def _write(folder: Path, fleet: ConditionedFleet, clip: _Clip) -> list[str]:
    machine, condition = clip.machine, clip.condition
    test = clip.night == fleet.train_nights
    words = [condition.name, f"{clip.number:02}", *filter(None, [clip.fault, clip.severity])]
    path = f"{machine.machine_type}/{machine.machine_id}/night_{clip.night:02}/{'_'.join(words)}.wav"
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(folder / path, sound_of(clip, fleet), fleet.sample_rate, subtype="PCM_16")
    split, date = ("test" if test else "train"), f"2026-11-{clip.night + 1:02}"
    known = [path, machine.machine_type, machine.machine_id, split, condition.domain, condition.name, date]
    return [*known, "anomalous" if clip.fault else "normal", clip.fault, clip.severity]
