"""A machine's sound, and changes of it of which everything is known."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.measures import AcousticMeasures, measure
from asd_core.synthesis.signals import filtered, frequencies, from_db, ringing, shaped_noise, tones, unit_rms

RATE, SECONDS = 16_000, 10
COUNT = RATE * SECONDS
TIME = np.arange(COUNT) / RATE
SHAFT = 29.4  # Hz
ORDERS = {2: 1.0, 4: 0.7, 6: 0.5, 10: 0.4, 17: 0.8}  # of the shaft's speed: amplitude

Sound = NDArray[np.float32]
Change = Callable[[Sound, np.random.Generator], Sound]


def healthy(seed: int, speed: float = 1.0) -> Sound:
    """Ten seconds of a machine: noise that falls above 600 Hz, orders of its shaft, and a slow uneven load."""
    rng = np.random.default_rng(seed)
    own = SHAFT * speed * (1 + 0.001 * rng.standard_normal())
    hertz = frequencies(COUNT, RATE)
    noise = shaped_noise((1 / (1 + (hertz / 600) ** 2) + 0.02).astype(np.float32), COUNT, rng)
    lines = sum(a * np.sin(2 * np.pi * (own * order * TIME + rng.random())) for order, a in ORDERS.items())
    load = 1 + 0.05 * np.sin(2 * np.pi * (0.31 * TIME + rng.random()))
    sound = (noise + 1.5 * np.asarray(lines)) * load * from_db(0.2 * rng.standard_normal())
    return np.asarray(0.02 * sound, np.float32)


@cache
def normals() -> tuple[AcousticMeasures, ...]:
    """Measures of five healthy sounds."""
    return tuple(measure(healthy(seed), RATE) for seed in range(100, 105))


def with_gain(decibels: float) -> Change:
    return lambda sound, rng: sound * np.float32(from_db(decibels))


def with_tone(hertz: float, amplitude: float, *harmonics: float, wavers: float = 0.0, pace: float = 0.7) -> Change:
    """A tone of an amplitude, with harmonics, whose frequency strays by a share of it."""

    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        turns = hertz * (TIME - wavers / (2 * np.pi * pace) * np.cos(2 * np.pi * (pace * TIME + rng.random())))
        return sound + np.float32(amplitude) * tones(turns, (1.0, *harmonics), rng)

    return change


def without_order(order: int) -> Change:
    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        hertz = frequencies(COUNT, RATE)
        return filtered(sound, (np.abs(hertz - SHAFT * order) > 4).astype(np.float32))

    return change


def with_band(low: float, high: float, decibels: float) -> Change:
    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        hertz = frequencies(COUNT, RATE)
        inside = (hertz >= low) & (hertz < high)
        return filtered(sound, np.where(inside, from_db(decibels), 1.0).astype(np.float32))

    return change


def swelling(rate: float, depth: float) -> Change:
    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        return np.asarray(sound * (1 + depth * np.cos(2 * np.pi * (rate * TIME + rng.random()))), np.float32)

    return change


def of_two_strokes(rate: float) -> Change:
    """Swells twice a turn, once more than the other time: the third and second line are higher than the first."""

    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        angle = 2 * np.pi * (rate * TIME + rng.random())
        course = 1 + 0.2 * np.cos(angle) + 0.45 * np.cos(2 * angle) + 0.2 * np.cos(3 * angle)
        return np.asarray(sound * course, np.float32)

    return change


def with_knocks(rate: float, peak_db: float = 16.0, hertz: float = 3100.0, swells: float = 0.0) -> Change:
    """Knocks so far above the level, uneven by a hundredth of their pace; they may swell three times a second."""

    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        moments = (np.arange(1, int(SECONDS * rate)) + 0.01 * rng.standard_normal(int(SECONDS * rate) - 1)) / rate
        knock = ringing(hertz, 0.003, RATE)
        knock = knock * np.float32(from_db(peak_db) * sound.std() / np.abs(knock).max())
        train = np.zeros(COUNT, np.float32)
        places = (moments * RATE).astype(int)
        train[places[places < COUNT]] = (1 + swells * np.sin(2 * np.pi * 3.1 * moments))[places < COUNT]
        return sound + np.convolve(train, knock)[:COUNT].astype(np.float32)

    return change


def standing_still(start: float, end: float, decibels: float = -20.0) -> Change:
    """Only a little noise is left between two moments; it fades within a twentieth of a second."""

    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        runs = np.clip(np.maximum(start - TIME, TIME - end) / 0.05, 0, 1).astype(np.float32)
        left = unit_rms(rng.standard_normal(COUNT).astype(np.float32)) * np.float32(from_db(decibels) * sound.std())
        return sound * runs + left * (1 - runs)

    return change


def without_signal(start: float, end: float) -> Change:
    return lambda sound, rng: np.where((start <= TIME) & (end > TIME), np.float32(0), sound)


def with_dropouts(times: int, seconds: float) -> Change:
    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        dropped = sound.copy()
        for index in range(times):
            first = round((index + 0.5) * COUNT / times)
            dropped[first : first + round(seconds * RATE)] = dropped[first]
        return dropped

    return change


def at_speed(ratio: float) -> Change:
    return lambda sound, rng: healthy(int(rng.integers(1000, 9999)), ratio)


def clipped(share: float) -> Change:
    def change(sound: Sound, rng: np.random.Generator) -> Sound:
        limit = np.quantile(np.abs(sound), 1 - share)
        return np.clip(sound, -limit, limit)

    return change


def with_bang(sound: Sound, rng: np.random.Generator) -> Sound:
    bang = np.zeros(COUNT, np.float32)
    fading = np.exp(-np.arange(RATE // 2) / (0.06 * RATE)) * rng.standard_normal(RATE // 2)
    bang[round(6.2 * RATE) :][: fading.size] = fading
    return sound + np.float32(12 * sound.std()) * bang
