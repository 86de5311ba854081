"""`make first-shot-demo`: the whole of FS-TWFR-GMM on a simulated archive, with a small generator of random weights.

Two reference machine types have labelled anomalies, two target types have normal clips to learn and labelled clips to
test. The generator has seen no other sound than these few clips, so its clips, and the r that they choose, mean
nothing: the demo shows that everything runs, and the page says so.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.accuracy.first_shot_archive import Part, write_clips
from tests.command import asd

SETTINGS = {
    "size": "tiny",
    "weights": "random",
    "steps": 20,
    "warmup_steps": 0,
    "seconds": 4.0,
    "clips": 12,
    "ddim_steps": 5,
    "candidates": 1,
}
REFERENCES, TARGETS = ("fan", "gearbox"), ("pump", "valve")
KINDS = ("knocks", "stall", "rattle", "hum")
TRAIN = Part("train", {"source": 18, "target": 6}, {}, background_db=(-6.0, 3.0), seconds=4.0)
TEST = Part(
    "test", {"source": 6, "target": 6}, {"source": 6, "target": 6}, KINDS, background_db=(-6.0, 3.0), seconds=4.0
)


def write_archive(folder: Path, train: Part = TRAIN, test: Part = TEST) -> int:
    """Write an archive of references and targets in the DCASE layout; returns the number of its clips."""
    return sum(write_clips(folder, kind, part) for kind in (*REFERENCES, *TARGETS) for part in (train, test))


def main() -> None:
    """Write the archive, run ``asd first-shot`` on it, and print what it says."""
    folder, start = Path(sys.argv[1] if len(sys.argv) > 1 else "first-shot-demo"), time.monotonic()
    print(f"1/2 writing a simulated archive in {folder / 'recordings'}", flush=True)
    write_archive(folder / "recordings")
    print("2/2 asd first-shot", flush=True)
    words = ["first-shot", folder / "recordings", "--targets", ",".join(TARGETS), "--store", folder / "store"]
    small = [word for name, value in SETTINGS.items() for word in ("--set", f"generator.{name}={value}")]
    said = asd(*words, "--as", "demo", *small, "--engine", "processes", *sys.argv[2:])
    print(said.err + said.out, end="")
    print(f"{time.monotonic() - start:.0f} s")
    sys.exit(said.code)


if __name__ == "__main__":
    main()
