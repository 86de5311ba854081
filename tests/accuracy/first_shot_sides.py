"""`python -m tests.accuracy.first_shot_sides`: the side of 1 on which ``asd tune --validation FOLDER`` chooses r.

Generated clips come from the simulator, so that it is known what they ask for: stalls for the quietest frames (r > 1),
knocks for the loudest (r < 1). They are as loud as a generator makes them, not as the real clips. Beside the two stands
what chooses nothing: "anomalous" clips without a fault.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from asd_core.evaluation.comparison import markdown_table
from tests.accuracy.first_shot_archive import Part, write_clips
from tests.command import asd

WANTED = {"stall": "above 1", "knocks": "below 1", "": ""}
SHOWN = {"stall": "stalls", "knocks": "knocks", "": "no fault"}


@dataclass(frozen=True)
class Trial:
    """The size of a trial.

    Attributes:
        machine_type: of the simulated machine.
        train: number of real normal clips, by domain.
        judged: number of generated clips of each condition, by domain.
        severity: of the faults.
        background_db: of the noise around the machine.
        seconds: of a clip.
        space: TOML text of the search space; "" for the recipe's own.
        options: further words of the command.
    """

    machine_type: str = "fan"
    train: tuple[tuple[str, int], ...] = (("source", 90), ("target", 10))
    judged: tuple[tuple[str, int], ...] = (("source", 25), ("target", 25))
    severity: tuple[float, float] = (0.1, 1.0)
    background_db: tuple[float, float] | None = (-6.0, 3.0)
    seconds: float = 10.0
    space: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """The r that a search chose.

    Attributes:
        r: chosen.
        objective: at the chosen r.
        below: best objective of any r below 1.
        above: best objective of any r above 1.
    """

    r: float
    objective: float
    below: float
    above: float

    @property
    def side(self) -> str:
        """The side of 1 on which r lies."""
        return "above 1" if self.r > 1 else "below 1" if self.r < 1 else "1"


def choice_of(folder: Path, kind: str, seed: int, trial: Trial) -> Choice:
    """Write real and generated clips of one machine, and search r on the generated ones with ``asd tune``.

    Args:
        folder: empty or missing.
        kind: of the faults of the generated anomalies; "" for none.
        seed: of the machine and its clips.
        trial: the size.
    """
    counts = dict(trial.judged)
    real = Part("train", dict(trial.train), {}, background_db=trial.background_db, seconds=trial.seconds, seed=seed)
    made = replace(real, split="test", normal=counts, anomalous=counts, kinds=(kind,), severity=trial.severity)
    write_clips(folder / "real", trial.machine_type, real, seed)
    write_clips(folder / "generated", trial.machine_type, replace(made, peak=0.5, seed=seed + 1000), seed)
    words = ["tune", folder / "real", "--recipe", "fs-twfr-gmm", "--validation", folder / "generated"]
    if trial.space:
        (folder / "space.toml").write_text(trial.space)
        words += ["--space", folder / "space.toml"]
    said = asd(*words, "--objective", "twfr-sum", "--store", folder / "store", "--local", "--json", *trial.options)
    if said.code:
        raise SystemExit(said.err)
    best = said.json["best"][trial.machine_type]
    below, above = best_of_sides(folder / "store", said.json["run_id"])
    return Choice(best["setting"]["encoder.r"], best["value"], below, above)


def best_of_sides(store: Path, run_id: str) -> tuple[float, float]:
    """The best objectives below and above r = 1 in a finished search."""
    rows = pq.read_table(store / "tuning" / run_id / "settings.parquet").to_pylist()
    values = [(json.loads(row["setting"])["encoder.r"], row["objective"]) for row in rows]
    return max(value for r, value in values if r < 1), max(value for r, value in values if r > 1)


def table(choices: dict[str, Sequence[Choice]]) -> list[str]:
    """Lines of a table: a kind of fault a row."""
    rows = [
        ["generated anomalies", "r above 1", "r = 1", "r below 1", "chosen r, seed by seed", "best below 1", "above 1"]
    ]
    for kind, of in choices.items():
        sides = [one.side for one in of]
        counts = [str(sides.count(side)) for side in ("above 1", "1", "below 1")]
        means = [f"{np.mean(values):.3f}" for values in ([one.below for one in of], [one.above for one in of])]
        rows.append([SHOWN[kind], *counts, ", ".join(f"{one.r:.2f}" for one in of), *means])
    return markdown_table(rows)


def main() -> None:
    """Print the table, and how long it took."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--machine-type", default="fan")
    parser.add_argument("--severity", type=float, nargs=2, default=(0.1, 1.0))
    parser.add_argument("--background-db", type=float, nargs=2, default=(-6.0, 3.0))
    parser.add_argument("--keep-silence", action="store_true")
    asked = parser.parse_args()
    options = ("--keep-silence",) if asked.keep_silence else ()
    severity, around = tuple(asked.severity), tuple(asked.background_db)
    trial = Trial(asked.machine_type, severity=severity, background_db=around, options=options)
    start, found = time.monotonic(), dict[str, list[Choice]]()
    for kind in WANTED:
        found[kind] = []
        for seed in range(asked.seeds):
            with tempfile.TemporaryDirectory() as folder:
                found[kind].append(choice_of(Path(folder), kind, seed, trial))
            print(f"{SHOWN[kind]}, seed {seed}: {found[kind][-1]}", flush=True)
    print("\n".join(table(found)))
    print(
        f"{trial.machine_type}, severities {trial.severity[0]:g} to {trial.severity[1]:g}, {asked.seeds} seeds; "
        f"{time.monotonic() - start:.0f} s"
    )


if __name__ == "__main__":
    main()
