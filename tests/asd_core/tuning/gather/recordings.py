"""Small machines to search on: one-second recordings in the DCASE layout, normal and anomalous, of both domains."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import soundfile

from asd_core.clips.archive import list_archive

RATE = 16_000
TRAIN = {"source": 20, "target": 4}
TEST = 6  # of each domain and condition


def write_machines(folder: Path, machines: dict[str, list[str]]) -> pa.Table:
    """Rows of CLIPS of newly written recordings; machine type → sections."""
    for machine_type, sections in machines.items():
        for section in sections:
            _write_machine(folder / machine_type, machine_type, section)
    return list_archive(str(folder)).clips


def parts(clips: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Clips of split train and of split test."""
    return clips.filter(pc.equal(clips["split"], "train")), clips.filter(pc.equal(clips["split"], "test"))


def _write_machine(folder: Path, machine_type: str, section: str) -> None:
    rng = np.random.default_rng([*machine_type.encode(), int(section)])
    for split in ("train", "test"):
        (folder / split).mkdir(parents=True, exist_ok=True)
    for domain, count in TRAIN.items():
        for number in range(count):
            _write(folder, "train", section, domain, "normal", number, rng)
        for condition in ("normal", "anomaly"):
            for number in range(TEST):
                _write(folder, "test", section, domain, condition, number, rng)


def _write(
    folder: Path, split: str, section: str, domain: str, condition: str, number: int, rng: np.random.Generator
) -> None:
    seconds = np.arange(RATE) / RATE
    noise = rng.normal(0, 0.02, RATE) * (1.3 if domain == "target" else 1.0)
    hum = 0.05 * np.sin(2 * np.pi * rng.normal(220, 3) * seconds)
    knock = 0.03 * (condition == "anomaly") * np.sin(2 * np.pi * 1500 * seconds) * (seconds % 0.25 < 0.02)
    name = f"section_{section}_{domain}_{split}_{condition}_{number:04d}_noAttribute.wav"
    soundfile.write(folder / split / name, noise + hum + knock, RATE, subtype="PCM_16")
