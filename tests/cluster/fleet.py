"""A fleet large enough to be interrupted: thousands of recordings, each short, so that a night takes seconds."""

import io
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import soundfile

from asd_core.store.addresses import open_files

NORMAL, NIGHT = "2026-11-01", "2026-11-02"
RATE, SECONDS = 16_000, 0.25
RECIPE = ("--recipe", "twfr-knn", "--set", f"encoder.clip_seconds={SECONDS}")
NORMALS = 6  # clips of a machine to fit on; the first is much quieter, which sets the threshold
NO_RECORDING = (b"", b"not a recording", b"RIFF\x24\x00\x00\x00WAVEfmt ")
BROKEN_EVERY, ODD_EVERY = 100, 60


@cache
def recordings(machines, clips):
    """Path → bytes of a normal night and of one to score: some of its clips are broken, some far too quiet."""
    made = {}
    for machine in range(machines):
        rng = np.random.default_rng(machine)
        colour = rng.normal(0, 0.02, 9)
        folder = f"machine_type=fan/machine_id={machine:03d}"
        for i in range(NORMALS):
            made[f"{folder}/date={NORMAL}/{i:03d}.wav"] = _wave(rng, colour / (8 if i == 0 else 1))
        for i in range(clips):
            order = machine * clips + i
            data = _wave(rng, colour / (64 if order % ODD_EVERY == 7 else 1))
            if order % BROKEN_EVERY == 0:
                data = NO_RECORDING[order // BROKEN_EVERY % len(NO_RECORDING)]
            made[f"{folder}/date={NIGHT}/{i:03d}.wav"] = data
    return made


def write_fleet(url, machines=50, clips=42):
    """The recordings of so many machines, with so many clips each on the night to score; returns their number."""
    files = open_files(url)
    made = recordings(machines, clips)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(files.write, made.keys(), made.values()))
    return machines * clips


def broken_of(clips):
    """How many of so many clips are broken."""
    return -(-clips // BROKEN_EVERY)


def _wave(rng, colour):
    samples = np.convolve(rng.normal(0, 1, int(RATE * SECONDS) + len(colour) - 1), colour, mode="valid")
    sink = io.BytesIO()
    soundfile.write(sink, np.clip(samples, -1, 1), RATE, format="WAV")
    return sink.getvalue()
