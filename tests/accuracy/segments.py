"""How well segments hold: false alarms on recordings of any length, and short faults found in long recordings.

    python -m tests.accuracy.segments

The figures are in docs/accuracy.md. All recordings are simulated.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.segments import Cut
from asd_core.encoders.build import new_encoder
from asd_core.encoders.protocol import Encoder
from asd_core.encoders.twfr import TwfrEncoder
from asd_core.pipeline.scorer import Scorer, fit_scorer
from asd_core.recipe.recipe import load_recipe

DETECTORS = ("twfr-knn", "twfr-density-knn", "twfr-gmm")
FINDERS = {name: TwfrEncoder() for name in DETECTORS} | {
    "fleet": new_encoder(load_recipe("fleet").for_machine("").encoder)
}
LENGTHS = (1, 6, 60)  # segments: recordings of 10, 60 and 600 s
SPREADS = (0.0, 0.5, 1.5)  # of recordings, in units of the spread of segments within one
RATE = 16_000
FAULT_SECONDS = 3.0
LEVELS = (0.005, 0.01, 0.02)  # amplitudes of the fault; the hum has 0.03
CUTS = {10: [Cut(10, 10)], 60: [Cut(10, 10), Cut(10, 5), Cut(5, 5), Cut(5, 2.5)]}


def learnt(detector: str, rows: NDArray[np.float32], segments: int) -> Scorer:
    """A scorer of normal recordings of so many segments each, rows (R · segments, D)."""
    recipe = load_recipe(detector).with_settings({"encoder.clip_rule": "segments"}).for_machine("fan")
    recordings = np.arange(len(rows)) // segments
    names, starts = [f"{number:05d}" for number in recordings], np.arange(len(rows)) % segments * 10.0
    domains = np.full(len(rows), "source")
    return fit_scorer("fan", "00", recipe, "f", rows, domains, names, (), recordings, starts.tolist())


def flagged(scorer: Scorer, rows: NDArray[np.float32], segments: int) -> float:
    """Share of recordings of so many segments each that are flagged."""
    found = scorer.score_recordings(rows, np.arange(len(rows)) // segments)
    return float(np.mean([one.score > one.threshold for one in found]))


def false_alarms(detector: str, spread: float, fits: int, count: int = 100) -> dict[int, float]:
    """Segments of a recording → share of unseen normal ones flagged, learnt from recordings of six, over some fits.

    Embeddings of 16 dimensions: a normal deviate of each recording and one of each segment, each with directions of
    its own in which it is large.
    """
    rates: dict[int, list[float]] = {segments: [] for segments in LENGTHS}
    for seed in range(fits):
        generator = np.random.default_rng(seed)
        scales = np.linspace(1, 0.1, 16)[:, None]
        of_recordings, of_segments = (generator.normal(size=(16, 16)) * scales for _ in range(2))

        def drawn(total: int, segments: int) -> NDArray[np.float32]:
            effects = spread * generator.normal(size=(total, 1, 16)) @ of_recordings  # noqa: B023
            rows = effects + generator.normal(size=(total, segments, 16)) @ of_segments  # noqa: B023
            return rows.reshape(-1, 16).astype(np.float32)

        scorer = learnt(detector, drawn(count, 6), 6)
        for segments, found in rates.items():
            found.append(flagged(scorer, drawn(300, segments), segments))
    return {segments: float(np.mean(found)) for segments, found in rates.items()}


def machine(
    generator: np.random.Generator, seconds: int, fault_at: float | None = None, level: float = 0.0
) -> NDArray[np.float32]:
    """A machine that hums in noise, unsteadily, and perhaps squeals for three seconds, (T,) float32."""
    times = np.arange(seconds * RATE) / RATE
    noise = generator.normal(size=len(times))
    unsteady = np.interp(times, np.arange(seconds + 2), generator.normal(size=seconds + 2))
    samples = 0.03 * noise * (1 + 0.15 * unsteady).clip(0.5)
    for harmonic in range(1, 6):
        tone = np.sin(2 * np.pi * harmonic * 98 * times + generator.uniform(0, 6))
        samples += 0.03 / harmonic * np.exp(0.1 * generator.normal()) * tone
    if fault_at is not None:
        part = slice(round(fault_at * RATE), round((fault_at + FAULT_SECONDS) * RATE))
        samples[part] += level * np.sin(2 * np.pi * 2100 * times[part])
    return samples.astype(np.float32)


def recordings(seed: int, count: int, seconds: int, level: float | None = None) -> list[NDArray[np.float32]]:
    """Recordings, with a fault at a random place of each where a level is given."""
    generator = np.random.default_rng(seed)
    places = [None if level is None else float(generator.uniform(0, seconds - FAULT_SECONDS)) for _ in range(count)]
    return [machine(generator, seconds, at, level or 0.0) for at in places]


def embedded(sounds: list[NDArray[np.float32]], cut: Cut, encoder: Encoder) -> tuple[NDArray[np.float32], int]:
    """TWFR of the segments of recordings that are equally long, and the number of segments of each."""
    length, hop = round(cut.clip_seconds * RATE), round(cut.hop_seconds * RATE)
    starts = range(0, len(sounds[0]) - length + 1, hop)
    rows = [encoder.embed(sound[None, start : start + length])[0] for sound in sounds for start in starts]
    return np.stack(rows), len(starts)


def main() -> None:
    """Print both tables."""
    for detector in DETECTORS:
        for spread in SPREADS:
            rates = false_alarms(detector, spread, fits=20)
            cells = " | ".join(f"{rate:.1%}" for rate in rates.values())
            print(f"| {detector} | {spread:g} | {cells} |", flush=True)
    for seconds, cuts in CUTS.items():
        lots = [recordings(seed, 60, seconds, level) for seed, level in enumerate((None, None, *LEVELS), 1)]
        for cut in cuts:
            for detector, encoder in FINDERS.items():
                rows = [embedded(lot, cut, encoder) for lot in lots]
                scorer = learnt(detector, *rows[0])
                cells = " | ".join(f"{flagged(scorer, *row):.0%}" for row in rows[1:])
                told = f"{cut.clip_seconds:g} s / {cut.hop_seconds:g} s"
                print(f"| {seconds} s | {told} | {detector} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
