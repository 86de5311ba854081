"""(m) Captions and the report of a night with many flagged clips, against scoring that night."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import select
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.fit import fit
from asd_core.runs.nightly import nightly
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from asd_core.synthesis.fleet.faults import with_fault
from asd_core.synthesis.fleet.machine import build_machine, healthy_sound
from tests.benchmarks.figures import Figure

LEARNT, NIGHT = "2026-01-01", "2026-01-02"
SAMPLE_RATE, SECONDS = 16_000, 10
NOTE = (
    "m: ten-second clips of simulated fans and gearboxes with severe faults, in one process; scores are committed "
    "before the clock of captions (measured, no language model) and of the report starts. The reference is fitting "
    "nothing and scoring the same clips with `twfr-knn`."
)


def captions_and_report(folder: Path, flagged: int, repeats: int, say: Callable[[str], None]) -> list[Figure]:
    """CPU seconds a flagged clip for captions and page, and their ratio to scoring a clip."""
    clips = _write_machines(folder / "recordings", flagged)
    recipe, seconds = load_recipe("twfr-knn"), dict[str, list[float]](scoring=[], explaining=[])
    for repeat in range(repeats):
        store = Store(LocalFiles(folder / f"store-{repeat}"))
        fit(store, recipe, select(clips, date=LEARNT), LocalEngine())
        tonight = select(clips, date=NIGHT)
        start = time.process_time()
        score(store, recipe, tonight, LocalEngine())
        scored = time.process_time()
        done = nightly(store, recipe, tonight, LocalEngine())
        found = done.captions["captioned"] if done.captions else 0
        seconds["scoring"].append((scored - start) / len(tonight))
        seconds["explaining"].append((time.process_time() - scored) / max(1, found))
        say(f"repeat {repeat + 1} of {repeats}: {found} flagged, {seconds['explaining'][-1]:.3f} s each")
    name = f"m a night with {flagged} flagged clips"
    pairs = zip(seconds["explaining"], seconds["scoring"], strict=True)
    return [
        Figure(name, "captions and report, CPU time a flagged clip", tuple(seconds["explaining"]), "s", at_most=0.05),
        Figure(name, "÷ scoring, CPU time a clip", tuple(a / b for a, b in pairs)),
    ]


def _write_machines(folder: Path, faulty: int) -> pa.Table:
    """Ten machines: each with 24 healthy clips of a night, and its share of the faulty clips of the next."""
    machines = [build_machine(kind, index, seed=0) for kind in ("fan", "gearbox") for index in range(5)]
    for number, machine in enumerate(machines):
        for date, count in ((LEARNT, 24), (NIGHT, -(-faulty // len(machines)))):
            place = folder / f"machine_type={machine.machine_type}/machine_id={machine.machine_id}/date={date}"
            place.mkdir(parents=True)
            for index in range(count):
                rng = np.random.default_rng([number, date == NIGHT, index])
                sound = healthy_sound(machine, SAMPLE_RATE * SECONDS, SAMPLE_RATE, np.random.default_rng(number), rng)
                if date == NIGHT:
                    kind = ("bearing", "squeal", "imbalance")[index % 3]
                    sound = with_fault(sound, kind, 18.0, machine, SAMPLE_RATE, rng)
                soundfile.write(place / f"{index:02d}.wav", sound, SAMPLE_RATE, subtype="PCM_16")
    return list_archive(str(folder)).clips
