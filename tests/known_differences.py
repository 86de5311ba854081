"""Known differences of a machine's sound, each with the sentence that names it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from tests.known_changes import (
    SHAFT,
    Change,
    at_speed,
    clipped,
    of_two_strokes,
    standing_still,
    swelling,
    with_band,
    with_bang,
    with_dropouts,
    with_gain,
    with_knocks,
    with_tone,
    without_order,
    without_signal,
)


@dataclass(frozen=True)
class Known:
    """A difference: its name, how it is made, and its sentence.

    Attributes:
        name: in the table of the docs.
        make: a healthy sound → the same with the difference.
        sentence: pattern of the sentence; its groups are figures.
        figures: the true values of the groups, each with the largest error.
        also: patterns of sentences that are true as well.
    """

    name: str
    make: Change
    sentence: str
    figures: tuple[tuple[float, float], ...]
    also: tuple[str, ...] = ()

    def is_named_by(self, statement: str) -> bool:
        """True if a sentence says this difference with the right figures."""
        match = re.fullmatch(self.sentence, statement)
        values = [float(group) for group in match.groups()] if match else []
        return bool(match) and all(
            abs(value - true) <= error for value, (true, error) in zip(values, self.figures, strict=True)
        )


_LOUDER = r"[\d.]+ dB louder overall"
_MOVED = r"the tone at [\d.]+ Hz is at [\d.]+ Hz"
_BRIGHTER = r"(?:[2-8]–[48] kHz|[12]–[24] kHz) stronger by \d+ dB"


def _rate(value: float) -> tuple[tuple[float, float]]:
    return ((value, 0.05 * value),)


def _hertz(value: float) -> tuple[float, float]:
    return (value, value * (2 ** (1 / 12) - 1))


KNOWN = (
    Known("2.5 dB louder", with_gain(2.5), r"([\d.]+) dB louder overall", ((2.5, 1.0),)),
    Known("8 dB quieter", with_gain(-8.0), r"([\d.]+) dB quieter overall", ((8.0, 1.0),)),
    Known(
        "a tone at 2.35 kHz",
        with_tone(2350, 0.012),
        r"a new tone at ([\d.]+) kHz, \d+ dB above its surroundings",
        (_hertz(2.35),),
        (_LOUDER,),
    ),
    Known(
        "a hum of 100 Hz with a harmonic",
        with_tone(100, 0.035, 0.9),
        r"a new tone at ([\d.]+) Hz with (1) harmonic, \d+ dB above its surroundings",
        (_hertz(100), (1, 0)),
        (_LOUDER,),
    ),
    Known(
        "a wavering squeal",
        with_tone(2600, 0.02, 0.3, wavers=0.03),
        r"a new tone at ([\d.]+) kHz that wavers by (\d+) %(?: with 1 harmonic)?, \d+ dB above its surroundings",
        (_hertz(2.6), (3, 1)),
        (_LOUDER,),
    ),
    Known(
        "the order at 500 Hz is lost",
        without_order(17),
        r"the normal tone at ([\d.]+) Hz is gone",
        (_hertz(SHAFT * 17),),
    ),
    Known("1 to 2 kHz 9 dB louder", with_band(1000, 2000, 9.0), r"1–2 kHz stronger by (\d+) dB", ((9, 1),), (_LOUDER,)),
    Known("2 to 4 kHz lost by 12 dB", with_band(2000, 4000, -12.0), r"2–4 kHz weaker by (\d+) dB", ((12, 1),)),
    Known(
        "swelling at 8 Hz by half",
        swelling(8.0, 0.5),
        r"swells ([\d.]+) times per second by (\d+) % against \d %",
        (*_rate(8.0), (50, 6)),
    ),
    Known(
        "swelling at 1.4 Hz by 70 %",
        swelling(1.4, 0.7),
        r"swells ([\d.]+) times per second by (\d+) % against \d %",
        (*_rate(1.4), (70, 7)),
    ),
    Known(
        "strokes at 2.2 Hz, each of two halves",
        of_two_strokes(2.2),
        r"swells ([\d.]+) times per second by (\d+) % against \d %",
        (*_rate(2.2), (53, 10)),
    ),
    *(
        Known(
            f"knocks at {rate:g} per second",
            with_knocks(rate),
            r"impulses ([\d.]+) per second against 0.0",
            _rate(rate),
            (_LOUDER, _BRIGHTER),
        )
        for rate in (3.0, 11.0, 24.0, 48.0, 85.2, 120.0)
    ),
    Known(
        "a stop of 3.1 s from 4.2 s",
        standing_still(4.2, 7.3),
        r"stops for ([\d.]+) s from ([\d.]+) s \((\d+) dB quieter\)",
        ((3.1, 0.15), (4.2, 0.11), (20, 1)),
    ),
    Known(
        "a start at 2.5 s",
        standing_still(-1, 2.5),
        r"starts only after ([\d.]+) s \((\d+) dB quieter\)",
        ((2.5, 0.11), (20, 1)),
    ),
    Known(
        "a speed higher by 6 %",
        at_speed(1.06),
        r"runs ([\d.]+) % faster: the tone at [\d.]+ Hz is at [\d.]+ Hz",
        ((6, 0.4),),
    ),
    Known(
        "a speed lower by 9 %",
        at_speed(1 / 1.1),
        r"runs ([\d.]+) % slower: the tone at [\d.]+ Hz is at [\d.]+ Hz",
        ((9.1, 0.4),),
    ),
    Known(
        "clipped samples, one in a hundred",
        clipped(0.01),
        r"clipped: ([\d.]+) % of its samples stand at the limit of -[\d.]+ dB of full scale",
        ((0.9, 0.2),),
    ),
    Known("a bang at 6.2 s", with_bang, r"one loud moment at ([\d.]+) s, \d+ dB above its level", ((6.2, 0.1),)),
    Known(
        "twelve dropouts of 20 ms",
        with_dropouts(12, 0.02),
        r"drops out (\d+) times, for ([\d.]+) s in all: its samples stand still",
        ((12, 0), (0.24, 0.01)),
    ),
    Known(
        "no signal from 8 s on", without_signal(8.0, math.inf), r"stops after ([\d.]+) s \(no signal\)", ((8.0, 0.1),)
    ),
)
