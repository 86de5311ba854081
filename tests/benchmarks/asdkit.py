"""ASDKit's recipe `raw_spec` as three whole processes, from a checkout of its code.

Source: github.com/TakuyaFujimura/dcase-asd-toolkit.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

YEAR = "dcase2023"  # whose names it takes; one machine type has one section
NAMES = {
    "name": "recipe",
    "version": "raw_spec",
    "dcase": YEAR,
    "seed": "0",
    "infer_ver": "time_mean",
    "machine": "fan",
}
STEPS = {
    "extract": ["experiments=scratch/raw_spec", "device=cpu"],
    "score": ["experiments=default"],
    "evaluate": [],
}


def arranged(archive: Path, folder: Path) -> Path:
    """The clips of a DCASE 2020 archive of fans under the names that ASDKit's `format` gives; no sample is copied."""
    target = folder / "formatted" / YEAR / "raw" / "fan"
    for split in ("train", "test"):
        (target / split).mkdir(parents=True)
        for number, clip in enumerate(sorted((archive / "fan" / split).iterdir())):
            condition = clip.name.partition("_")[0]
            domain = "target" if number % (100 if split == "train" else 2) == 1 else "source"
            os.link(clip, target / split / f"section_00_{domain}_{split}_{condition}_{number:04d}_noAttribute.wav")
    return folder


def asdkit(checkout: Path, data: Path, results: Path) -> float:
    """Seconds of extract, score and evaluate.

    Args:
        checkout: of ASDKit; its ``venv/bin/python`` has ASDKit's libraries.
        data: from `arranged`.
        results: a folder that is not there yet.
    """
    names = [f"{name}={value}" for name, value in NAMES.items()]
    start = time.perf_counter()
    for step, options in STEPS.items():
        line = [str(checkout / "venv" / "bin" / "python"), "-m", f"asdkit.bin.{step}", *names, *options]
        line += [f"result_dir={results}", *([f"data_dir={data}"] if step == "extract" else [])]
        subprocess.run(line, cwd=checkout, env={**os.environ, "PYTHONPATH": "."}, check=True, capture_output=True)
    return time.perf_counter() - start
