"""How far each fault of a demo stands out of its machine's own sound, beside the word for its severity.

    python -m tests.accuracy.demo_faults demo

A severity is an amount of sound that is added. This is what is heard of it: the largest rise of a line of 8 Hz in the
mean spectrum of the faulty night over the median of the normal nights, in dB.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

Lines = NDArray[np.float64]
Samples = NDArray[np.float64]
Fault = tuple[str, str, str, str]
"""Machine type and id, kind and severity."""

_WINDOW = 2048
_DARK = 1e-20


def lines(samples: Samples) -> Lines:
    """The mean power spectrum of a recording, (1025,), in dB."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[:: _WINDOW // 2] * np.hanning(_WINDOW)
    return np.asarray(10 * np.log10((np.abs(np.fft.rfft(frames)) ** 2).mean(axis=0) + _DARK))


def largest_rise(faulty: list[Lines], normal: list[Lines], sample_rate: int) -> tuple[float, float]:
    """The largest rise of a line, in dB, and its frequency in Hz."""
    rise = np.mean(faulty, axis=0) - np.median(normal, axis=0)
    return float(rise.max()), float(rise.argmax() * sample_rate / _WINDOW)


def rises(archive: Path) -> dict[Fault, tuple[float, float]]:
    """Fault → its largest rise, of an archive that ``asd simulate`` or ``asd demo`` made."""
    faulty, normal = defaultdict[Fault, list[Lines]](list), defaultdict[tuple[str, str], list[Lines]](list)
    rate = 0
    for row in csv.DictReader((archive / "manifest.csv").open()):
        machine = row["machine_type"], row["machine_id"]
        try:
            samples, rate = soundfile.read(archive / row["path"])
        except soundfile.SoundFileError:  # fault nights have broken files
            continue
        if row["condition"] == "anomalous":
            faulty[(*machine, row["fault"], row["severity"])].append(lines(samples))
        elif np.isfinite(samples).all():
            normal[machine].append(lines(samples))
    return {fault: largest_rise(own, normal[fault[0], fault[1]], rate) for fault, own in faulty.items()}


if __name__ == "__main__":
    print("| machine | fault | severity | largest rise |\n|---|---|---|---|")
    for (kind, name, fault, severity), (rise, hertz) in rises(Path(sys.argv[1]) / "recordings").items():
        print(f"| {kind} {name} | {fault} | {severity} | {rise:.0f} dB at {hertz:,.0f} Hz |")
