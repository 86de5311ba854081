"""An archive of any size for benchmarks: a few hundred distinct recordings under many names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import soundfile

from asd_core.clips.archive import list_archive

DISTINCT = 200  # recordings; a size is no multiple of it by need, and no file is linked 65,000 times
MACHINES = 10
A_NIGHT = 20  # clips of a machine
SAMPLE_RATE = 16_000  # Hz

LINKED = (
    f"Archives are {DISTINCT} distinct 16-bit mono WAV files of noise at 16 kHz, hard-linked under many names: a clip "
    "is its address, so every name is a clip of its own, is read, decoded, embedded and committed. All lie in the page "
    "cache: reading costs a copy, not a disk. Stores lie on the disk and are synced."
)


def write_archive(folder: Path, clips: int, seconds: float) -> pa.Table:
    """Write a fleet's archive and list it.

    Args:
        folder: where; made.
        clips: how many names there are.
        seconds: length of each.

    Returns:
        Rows of CLIPS.
    """
    source = folder.parent / f"{folder.name}-distinct"
    source.mkdir(parents=True)
    for index in range(min(DISTINCT, clips)):
        samples = np.random.default_rng(index).normal(0, 0.1, round(seconds * SAMPLE_RATE))
        soundfile.write(source / f"{index}.wav", samples, SAMPLE_RATE, subtype="PCM_16")
    for index in range(clips):
        machine, night = index % MACHINES, index // (MACHINES * A_NIGHT)
        date = np.datetime64("2026-01-01") + night
        place = folder / "machine_type=fan" / f"machine_id={machine:02d}" / f"date={date}"
        place.mkdir(parents=True, exist_ok=True)
        os.link(source / f"{index % DISTINCT}.wav", place / f"{index:06d}.wav")
    return list_archive(str(folder)).clips


def first_clips(clips: pa.Table, count: int) -> pa.Table:
    """The first ``count`` clips of an archive by number: fewer nights of the same machines."""
    numbers = pc.cast(pc.utf8_slice_codeunits(clips["uri"], -10, -4), pa.int64())
    return clips.filter(pc.less(numbers, count))
