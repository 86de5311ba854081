from __future__ import annotations

import numpy as np
import pytest

from asd_core.synthesis.fleet.machine import MACHINE_TYPES, Machine, build_machine, healthy_sound
from asd_core.synthesis.signals import Samples, rms

RATE, COUNT = 16000, 64000


def sound(machine: Machine, night: int = 0, clip: int = 0, rate: int = RATE) -> Samples:
    return healthy_sound(
        machine, COUNT, rate, np.random.default_rng([1, night]), np.random.default_rng([2, night, clip])
    )


def octave_levels(samples: Samples) -> np.ndarray:
    """dB in each third of an octave from 60 Hz to 7.7 kHz."""
    power = np.abs(np.fft.rfft(samples.astype(float))) ** 2
    edges = (60 * 2 ** (np.arange(22) / 3) * len(samples) / RATE).astype(int)
    return 10 * np.log10(np.add.reduceat(power, edges)[:-1])


@pytest.mark.parametrize("machine_type", MACHINE_TYPES)
def test_a_recording_has_the_machines_level_and_never_clips(machine_type: str) -> None:
    machine = build_machine(machine_type, 3, seed=5)
    heard = sound(machine)
    assert heard.dtype == np.float32 and heard.shape == (COUNT,)
    assert 20 * np.log10(rms(heard)) == pytest.approx(machine.level_db, abs=2)
    assert np.abs(heard).max() < 1


@pytest.mark.parametrize("machine_type", MACHINE_TYPES)
def test_clips_and_nights_of_a_machine_are_nearer_than_another_machine(machine_type: str) -> None:
    machine, other = build_machine(machine_type, 0, seed=0), build_machine(machine_type, 1, seed=0)
    reference = octave_levels(sound(machine))

    def distance(heard: Samples) -> float:
        return float(np.linalg.norm(octave_levels(heard) - reference))

    assert 0 < distance(sound(machine, clip=1)) < distance(sound(other))
    assert distance(sound(machine, night=1)) < distance(sound(other))


def test_a_fan_sounds_at_its_blade_pass_frequency() -> None:
    machine = build_machine("fan", 0, seed=0)
    power = np.abs(np.fft.rfft(sound(machine).astype(float) * np.hanning(COUNT)))
    blade_pass = machine.speed * machine.parts
    near = slice(round(0.97 * blade_pass * COUNT / RATE), round(1.03 * blade_pass * COUNT / RATE))
    assert power[near].max() > 10 * np.median(power[near])


def test_a_gearbox_has_sidebands_a_shaft_turn_beside_its_mesh() -> None:
    machine = build_machine("gearbox", 0, seed=0)
    power = np.abs(np.fft.rfft(sound(machine).astype(float) * np.hanning(COUNT)))
    expected = machine.speed * machine.parts * COUNT / RATE
    mesh = round(0.95 * expected) + int(power[round(0.95 * expected) : round(1.05 * expected)].argmax())
    for side in (-1, 1):
        bin_ = mesh + side * round(mesh / machine.parts)
        assert power[bin_ - 3 : bin_ + 4].max() > 3.5 * np.median(power[bin_ - 30 : bin_ + 30])


def test_a_valve_clacks_at_its_pace() -> None:
    machine = build_machine("valve", 1, seed=0)
    envelope = np.abs(sound(machine)).reshape(-1, 160).max(axis=1)  # 100 Hz
    loud = envelope > 0.5 * np.quantile(envelope, 0.99)
    clacks = int(np.sum(loud[1:] & ~loud[:-1]))
    assert clacks == pytest.approx(machine.speed * COUNT / RATE, abs=2)


def test_the_same_seed_builds_the_same_machine_and_another_seed_another() -> None:
    assert build_machine("pump", 2, seed=1) == build_machine("pump", 2, seed=1)
    assert len({build_machine(kind, i, seed) for kind in MACHINE_TYPES for i in range(3) for seed in range(2)}) == 30


@pytest.mark.parametrize("rate", [8000, 96000])
@pytest.mark.parametrize("machine_type", MACHINE_TYPES)
def test_other_sample_rates_are_finite(machine_type: str, rate: int) -> None:
    assert np.isfinite(sound(build_machine(machine_type, 0, seed=0), rate=rate)).all()
