"""Each fault changes what it says it changes, and more so with its severity."""

from __future__ import annotations

import numpy as np
import pytest

from asd_core.synthesis.fleet.faults import BEARING_ORDER, KINDS, MODULATION_HZ, SEVERITIES, with_fault
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound
from asd_core.synthesis.signals import Samples, rms

RATE, COUNT = 16000, 160000
PAIRS = [(machine_type, kind) for machine_type, kinds in KINDS.items() for kind in kinds]


def heard(machine_type: str, kind: str | None, severity: str = "severe") -> Samples:
    machine = build_machine(machine_type, 0, seed=0)
    sound = healthy_sound(machine, COUNT, RATE, np.random.default_rng(1), np.random.default_rng(2))
    if kind is None:
        return sound
    return with_fault(sound, kind, SEVERITIES[severity], machine, RATE, np.random.default_rng(3))


def amplitude(samples: Samples, hertz: float) -> float:
    """Of the strongest tone within 1 % of a frequency."""
    bins = np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples))))
    middle = hertz * len(samples) / RATE
    return float(bins[int(0.99 * middle) - 1 : int(1.01 * middle) + 3].max())


def envelope(samples: Samples, low: float) -> Samples:
    """How loud it is above ``low`` Hz, in steps of 2 ms."""
    spectrum = np.fft.rfft(samples)
    spectrum[: int(low * len(samples) / RATE)] = 0
    squared = np.fft.irfft(spectrum, len(samples)) ** 2
    return squared[: len(samples) // 32 * 32].reshape(-1, 32).mean(axis=1).astype(np.float32)


def envelope_line(samples: Samples, hertz: float, low: float = 2000.0) -> float:
    """How far the loudness swings at one frequency, against its mean."""
    loud = envelope(samples, low)
    lines = np.abs(np.fft.rfft((loud - loud.mean()) * np.hanning(len(loud))))
    middle = hertz * len(loud) * 32 / RATE
    return float(lines[round(middle) - 2 : round(middle) + 3].max() / loud.sum())


@pytest.mark.parametrize(("machine_type", "kind"), PAIRS)
def test_severity_sets_how_far_a_recording_moves_in_steps_of_six_decibels(machine_type: str, kind: str) -> None:
    healthy = heard(machine_type, None)
    moved = [20 * np.log10(rms(heard(machine_type, kind, s) - healthy) / rms(healthy)) for s in SEVERITIES]
    if kind == "level_drop":
        assert moved[0] < moved[1] < moved[2] < 0
    else:
        np.testing.assert_allclose(np.diff(moved), 6, atol=0.2)


@pytest.mark.parametrize("kind", ["bearing", "imbalance", "squeal", "leak", "rattle"])
def test_what_is_added_has_the_level_that_its_severity_says(kind: str) -> None:
    machine_type = next(name for name, kinds in KINDS.items() if kind in kinds)
    healthy = heard(machine_type, None)
    added = heard(machine_type, kind, "moderate") - healthy
    assert 20 * np.log10(rms(added) / rms(healthy)) == pytest.approx(12 - 21, abs=0.1)


def test_a_squeal_is_a_tone_at_the_belts_frequency() -> None:
    hertz = build_machine("fan", 0, seed=0).squeal_hz
    assert amplitude(heard("fan", "squeal"), hertz) > 20 * amplitude(heard("fan", None), hertz)


def test_imbalance_is_a_tone_at_the_shafts_speed() -> None:
    hertz = build_machine("fan", 0, seed=0).speed
    assert amplitude(heard("fan", "imbalance"), hertz) > 20 * amplitude(heard("fan", None), hertz)


def test_bearing_impulses_come_at_the_damage_rate() -> None:
    hertz = BEARING_ORDER * build_machine("pump", 0, seed=0).speed
    assert envelope_line(heard("pump", "bearing"), hertz) > 5 * envelope_line(heard("pump", None), hertz)


def test_modulation_swells_at_its_own_pace() -> None:
    assert envelope_line(heard("gearbox", "modulation"), MODULATION_HZ) > 5 * envelope_line(
        heard("gearbox", None), MODULATION_HZ
    )


def test_a_leak_hisses_above_four_kilohertz_and_leaves_the_rest() -> None:
    def levels(samples: Samples) -> tuple[float, float]:
        power = np.abs(np.fft.rfft(samples)) ** 2
        return float(power[: len(power) // 8].sum()), float(power[len(power) // 2 :].sum())

    healthy, leaking = levels(heard("pump", None)), levels(heard("pump", "leak"))
    assert leaking[1] > 10 * healthy[1] and leaking[0] == pytest.approx(healthy[0], rel=0.1)


def test_rattle_makes_the_loudness_uneven_without_a_pace() -> None:
    def unevenness(samples: Samples) -> float:
        loud = envelope(samples, 1000)
        return float(loud.std() / loud.mean())

    assert unevenness(heard("fan", "rattle")) > 3 * unevenness(heard("fan", None))


@pytest.mark.parametrize(("severity", "decibels"), SEVERITIES.items())
def test_a_level_drop_takes_the_decibels_of_its_severity(severity: str, decibels: float) -> None:
    ratio = rms(heard("fan", "level_drop", severity)) / rms(heard("fan", None))
    assert 20 * np.log10(ratio) == pytest.approx(-decibels, abs=0.01)
