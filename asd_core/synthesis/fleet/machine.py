"""The sound of a healthy machine, by its type and its own build.

    fan      blade-pass tone and harmonics over flow noise that gusts
    pump     harmonics of the shaft and its vanes over flow noise that pulsates with them
    gearbox  tooth-mesh tones with sidebands a shaft turn away
    valve    clacks at a steady pace over hiss
    slider   a scrape that comes and goes with the stroke, and a knock where it turns

Machines of a type differ in speed, level, tone, and in the room they stand in; a machine differs a little from night to
night and from clip to clip.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from asd_core.synthesis.signals import (
    Rng,
    Samples,
    bursts,
    filtered,
    frequencies,
    from_db,
    ringing,
    shaped_noise,
    slow_wave,
    tones,
    unit_rms,
)

MACHINE_TYPES = ("fan", "pump", "gearbox", "valve", "slider")

_PARTS = {"fan": (5, 10), "pump": (5, 8), "gearbox": (17, 30), "valve": (1, 2), "slider": (1, 2)}
_SPEED = {"fan": (18, 30), "pump": (24, 49), "gearbox": (15, 25), "valve": (1.5, 3.5), "slider": (0.6, 1.4)}  # Hz
_CORNER = {"fan": 600.0, "pump": 900.0, "gearbox": 500.0, "valve": 3000.0, "slider": 1500.0}  # Hz: noise falls above


@dataclass(frozen=True)
class Machine:
    """One machine as it was built.

    Attributes:
        machine_type: one of MACHINE_TYPES.
        machine_id: two digits.
        speed: shaft turns, clacks or strokes a second.
        parts: blades, vanes or teeth.
        level_db: rms of its recordings, in dB of full scale.
        tonal_db: its tones against its noise.
        corner_hz: where its noise begins to fall.
        squeal_hz: frequency at which its belt or rail would squeal.
        room: (Hz, dB, octaves) of the humps and dips of the room.
    """

    machine_type: str
    machine_id: str
    speed: float
    parts: int
    level_db: float
    tonal_db: float
    corner_hz: float
    squeal_hz: float
    room: tuple[tuple[float, float, float], ...]


def build_machine(machine_type: str, index: int, seed: int) -> Machine:
    """The ``index``-th machine of a type: always the same for the same seed."""
    rng = np.random.default_rng([seed, zlib.crc32(machine_type.encode()), index])
    return Machine(
        machine_type,
        f"{index:02}",
        float(rng.uniform(*_SPEED[machine_type])),
        int(rng.integers(*_PARTS[machine_type])),
        float(rng.uniform(-32, -26)),
        float(rng.uniform(-8, 0)),
        _CORNER[machine_type] * float(rng.uniform(0.7, 1.4)),
        float(rng.uniform(1800, 3200)),
        tuple(
            (float(rng.uniform(100, 6000)), float(rng.uniform(-6, 6)), float(rng.uniform(0.2, 0.8))) for _ in range(6)
        ),
    )


def healthy_sound(
    machine: Machine, count: int, sample_rate: int, night: Rng, clip: Rng, night_effects: float = 1.0
) -> Samples:
    """A recording of ``count`` samples, (T,) float32 within [-1, 1].

    Args:
        machine: the machine to record.
        count: number of samples.
        sample_rate: Hz.
        night: draws the differences between nights; seeded alike for all clips of a night.
        clip: draws the differences between clips.
        night_effects: factor on the differences between nights.
    """
    speed = machine.speed * (1 + 0.003 * night_effects * night.standard_normal() + 0.002 * clip.standard_normal())
    level_db = machine.level_db + 0.3 * night_effects * night.standard_normal() + 0.3 * clip.standard_normal()
    turns = _turns(speed, count, sample_rate, clip)
    noise = shaped_noise(_noise_shape(machine, count, sample_rate), count, clip)
    source: Samples
    match machine.machine_type:
        case "fan":
            orders = _audible((1.0, 0.5, 0.3, 0.15, 0.08), speed * machine.parts, sample_rate)
            source = noise * (1 + 0.25 * slow_wave(count, sample_rate, 0.4, clip))
            source += _tonal(machine) * unit_rms(tones(turns * machine.parts, orders, clip))
        case "pump":
            vanes = tones(turns * machine.parts, _audible((1.0, 0.4, 0.2), speed * machine.parts, sample_rate), clip)
            shaft = tones(turns, _audible((0.6, 1.0, 0.5, 0.4, 0.2, 0.1), speed, sample_rate), clip)
            source = noise * (1 + 0.2 * vanes) + _tonal(machine) * unit_rms(vanes + shaft)
        case "gearbox":
            mesh = tones(
                turns * machine.parts, _audible((1.0, 0.6, 0.35, 0.2), speed * machine.parts, sample_rate), clip
            )
            source = noise + _tonal(machine) * unit_rms(mesh * (1 + tones(turns, (0.7, 0.2), clip)))
        case "valve":
            clack = ringing(0.11 * sample_rate, 0.012, sample_rate) + ringing(0.05 * sample_rate, 0.012, sample_rate)
            source = 0.5 * noise + unit_rms(_strokes(turns, clack, 0.06, sample_rate, clip))
        case _:  # slider
            stroke = np.abs(np.sin(np.pi * turns)).astype(np.float32)
            knock = ringing(0.03 * sample_rate, 0.015, sample_rate)
            source = noise * (0.15 + stroke**2) + 0.4 * unit_rms(_strokes(turns, knock, 0.1, sample_rate, clip))
    heard = unit_rms(filtered(source, _room_gain(machine, count, sample_rate)))
    return np.clip(heard * np.float32(from_db(level_db)), -1, 1)


def _tonal(machine: Machine) -> np.float32:
    return np.float32(from_db(machine.tonal_db))


def _turns(speed: float, count: int, sample_rate: int, rng: Rng) -> NDArray[np.float64]:
    """Turns since some start; the speed wavers by a thousandth, as no load is quite even."""
    seconds = np.arange(count) / sample_rate
    pace = rng.uniform(0.1, 0.4)
    angle = (2 * np.pi * (pace * seconds + rng.random())).astype(np.float32)
    wavering = 0.001 / (2 * np.pi * pace) * np.sin(angle)
    return np.asarray(speed * (seconds + wavering) + rng.random())


def _strokes(turns: NDArray[np.float64], kernel: Samples, unevenness: float, sample_rate: int, rng: Rng) -> Samples:
    """One knock a turn, each a little early or late, louder or softer."""
    starts = np.flatnonzero(np.diff(np.floor(turns))) / sample_rate
    starts = starts + rng.normal(0, 0.002, len(starts))
    return bursts(starts, 1 + unevenness * rng.standard_normal(len(starts)), kernel, len(turns), sample_rate)


def _audible(amplitudes: tuple[float, ...], hertz: float, sample_rate: int) -> tuple[float, ...]:
    """The harmonics that lie below the Nyquist frequency."""
    return amplitudes[: max(0, int(0.45 * sample_rate / hertz))]


@lru_cache(maxsize=64)
def _noise_shape(machine: Machine, count: int, sample_rate: int) -> Samples:
    hertz = frequencies(count, sample_rate)
    fall = 1 / (1 + (hertz / machine.corner_hz) ** 2)
    rise = hertz / (hertz + 30)  # microphones hear little below
    return np.asarray(rise * (fall + 0.02), np.float32)


@lru_cache(maxsize=64)
def _room_gain(machine: Machine, count: int, sample_rate: int) -> Samples:
    octave = np.log2(np.maximum(frequencies(count, sample_rate), 20.0))
    gain_db = np.zeros_like(octave)
    for hertz, height_db, width in machine.room:
        gain_db += height_db * np.exp(-0.5 * ((octave - np.log2(hertz)) / width) ** 2)
    return np.asarray(10 ** (gain_db / 20), np.float32)
