"""Whole commands as a user types them, each in a process of its own, against a plain system of the field."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from tests.benchmarks.asdkit import arranged, asdkit
from tests.benchmarks.figures import Figure
from tests.benchmarks.spectral_reference import STEPS
from tests.benchmarks.throughput import Say

NOTE = (
    "l: fit, score and evaluate are three commands, as are extract, score and evaluate of the reference, which says in "
    "tests/benchmarks/spectral_reference.py what it does. With --asdkit, ASDKit's own three steps run too, "
    "and the target is against them. Starting Python and importing libraries is part of each. "
    "Recordings are ten seconds of noise at 16 kHz in DCASE 2020's folders, two thirds of them for training."
)
DISTINCT = 100  # recordings, under many names
SECTIONS = (0, 2, 4, 6)
COMMAND = [sys.executable, "-c", "from jobs.main import script; script()"]


def against_spectral_reference(folder: Path, clips: int, checkout: Path | None, repeats: int, say: Say) -> list[Figure]:
    """(l) The seconds of the reference's three steps ÷ those of `asd fit`, `score` and `evaluate`; and few clips.

    Args:
        folder: for archives and stores.
        clips: of the larger archive.
        checkout: of ASDKit, whose own steps are timed too; None for none.
        repeats: each runs every way once.
        say: told how far it is.
    """
    many, few = write_dcase(folder / "many", clips), write_dcase(folder / "few", 40)
    formatted = arranged(many, folder / "asdkit") if checkout else folder
    seconds: dict[str, list[float]] = {}
    for repeat in range(repeats):
        spent = {
            **({"asdkit": asdkit(checkout, formatted, folder / f"results-{repeat}")} if checkout else {}),
            "reference": sum(reference(step, many, folder) for step in STEPS),
            "auto": three_commands(many, folder, "auto"),
            **({"ray": three_commands(many, folder, "ray")} if repeat == 0 else {}),
            "few": asd("fit", few, folder, "auto"),
            "night": asd("nightly", few, folder, "auto"),
        }
        shutil.rmtree(folder / "store")
        for name, taken in spent.items():
            seconds.setdefault(name, []).append(taken)
        say(f"repeat {repeat + 1} of {repeats}: " + ", ".join(f"{name} {taken:.1f} s" for name, taken in spent.items()))
    name, of_asdkit = "l engine", []
    if checkout:
        ratios = quotients(seconds["asdkit"], seconds["auto"])
        of_asdkit = [
            Figure(name, f"ASDKit ÷ fit, score and evaluate of {clips:,} clips", ratios, "", 6),
            Figure(name, "ASDKit: extract, score, evaluate", tuple(seconds["asdkit"]), "s"),
        ]
    return [
        *of_asdkit,
        Figure(
            name,
            f"a bare loop of the same ÷ those of {clips:,} clips",
            quotients(seconds["reference"], seconds["auto"]),
        ),
        Figure(name, "the bare loop: extract, score, evaluate", tuple(seconds["reference"]), "s"),
        Figure(name, "fit, score, evaluate with --engine auto", tuple(seconds["auto"]), "s"),
        Figure(name, "fit, score, evaluate with --engine ray", tuple(seconds["ray"]), "s"),
        Figure(name, "fit of 40 clips", tuple(seconds["few"]), "s", at_most=4),
        Figure(name, "nightly of 40 clips", tuple(seconds["night"]), "s", at_most=4),
    ]


def quotients(theirs: list[float], ours: list[float]) -> tuple[float, ...]:
    """The ratio of each repeat."""
    return tuple(their / our for their, our in zip(theirs, ours, strict=True))


def write_dcase(archive: Path, clips: int) -> Path:
    """Write an archive of one machine type with four machines; half of the clips for testing are anomalous."""
    source = archive.parent / f"{archive.name}-distinct"
    source.mkdir(parents=True)
    for index in range(min(DISTINCT, clips)):
        samples = np.random.default_rng(index).normal(0, 0.1, 160_000)
        soundfile.write(source / f"{index}.wav", samples, 16_000, subtype="PCM_16")
    for split in ("train", "test"):
        (archive / "fan" / split).mkdir(parents=True)
    for index in range(clips):
        section, number = SECTIONS[index % len(SECTIONS)], index // len(SECTIONS)
        is_train = number % 3 < 2
        kind = "anomaly" if not is_train and number % 2 else "normal"
        name = f"fan/{'train' if is_train else 'test'}/{kind}_id_{section:02d}_{number:08d}.wav"
        os.link(source / f"{index % DISTINCT}.wav", archive / name)
    return archive


def three_commands(archive: Path, folder: Path, engine: str) -> float:
    """Seconds of fit, score and evaluate into a store of their own, which is removed."""
    spent = sum(asd(name, archive, folder, engine) for name in ("fit", "score", "evaluate"))
    shutil.rmtree(folder / "store")
    return spent


def asd(name: str, archive: Path, folder: Path, engine: str) -> float:
    """Seconds of one command."""
    options = ["--recipe", "twfr-gmm", "--store", str(folder / "store"), "--engine", engine, "--quiet"]
    return timed([*COMMAND, name, str(archive), *options])


def reference(step: str, archive: Path, folder: Path) -> float:
    """Seconds of one step of the reference."""
    return timed([sys.executable, "-m", "tests.benchmarks.spectral_reference", step, str(archive), str(folder)])


def timed(line: list[str]) -> float:
    """Seconds that a process takes from its start to its end."""
    start = time.perf_counter()
    subprocess.run(line, check=True, capture_output=True)
    return time.perf_counter() - start
