"""Alarms on nights of real features, for docs/alarm-figures.md: `python -m tests.accuracy.real_nights`.

Nights are blocks of ten clips of the published modulation-spectrum features, in the order of the file or ordered by
level, so that like clips fall together. The first k clips of a night of test normals are replaced by k anomalous ones
in a row. Everything goes through the import, fit, score and alarms of the commands. Shifts are not told apart here:
each night is judged by itself.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from asd_core.pipeline.engine import LocalEngine
from asd_core.readable import machine_name
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarms import find_alarms
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.import_embeddings import import_embeddings
from asd_core.runs.score import score
from asd_core.store.store import open_store
from tests.accuracy.alarm_tables import table

Integers = NDArray[np.int64]
Rows = Sequence[Mapping[str, Any]]
CLIPS, FORTNIGHT, ALL, ANOMALOUS = 10, 14, 1000, (0, 1, 3, 10)
DETECTORS: dict[str, dict[str, Any]] = {
    "kNN": {"kind": "memory_bank", "k": 4},
    "density kNN": {"kind": "memory_bank", "k": 4, "density": "least"},
}
_LEARNT = -1
_FIRST = {_LEARNT: date(2026, 1, 1)} | {k: date(2027 + place, 1, 1) for place, k in enumerate(ANOMALOUS)}


def blocks(clips: Integers) -> Integers:
    """Clips in their order as nights, (N,) → (nights, CLIPS); those left over are dropped."""
    nights = len(clips) // CLIPS
    return clips[: nights * CLIPS].reshape(nights, CLIPS)


def evenly(nights: Integers, count: int) -> Integers:
    """So many of the nights, evenly spaced; all of fewer."""
    return nights[np.linspace(0, len(nights) - 1, min(count, len(nights))).astype(np.int64)]


def with_anomalies(nights: Integers, anomalous: Integers, count: int) -> Integers:
    """The nights with their first clips replaced by so many anomalous ones in a row, others for each night."""
    found = nights.copy()
    starts = np.arange(len(nights)) * CLIPS % (len(anomalous) - count + 1)
    found[:, :count] = anomalous[starts[:, None] + np.arange(count)]
    return found


def night_rows(path: Path, learnt: int, by_level: bool) -> pa.Table:
    """Rows to import of one machine: its learnt nights, and its test nights with 0, 1, 3 and 10 anomalous clips."""
    with np.load(path, allow_pickle=False) as arrays:
        train, test, is_anomalous = arrays["X_train"], arrays["X_test"], arrays["y_test"] == 1
    normal = np.flatnonzero(~is_anomalous)
    train_order = np.arange(len(train))
    if by_level:
        train_level, level = (np.log(part.astype(np.float64) + 1e-12).mean(axis=(1, 2)) for part in (train, test))
        train_order, normal = np.argsort(train_level), normal[np.argsort(level[normal])]
    nights = {k: with_anomalies(blocks(normal), np.flatnonzero(is_anomalous), k) for k in ANOMALOUS}
    nights[_LEARNT] = evenly(blocks(train_order), learnt)
    machine_type, machine_id = path.stem.split("_id_")
    rows = []
    for kind, members in nights.items():
        values = train if kind == _LEARNT else test
        for night, clips in enumerate(members):
            day = (_FIRST[kind] + timedelta(days=night)).isoformat()
            for place, clip in enumerate(clips):
                uri = f"import:{path.stem}/{day}/{place:02}"
                rows.append((uri, machine_type, machine_id, day, values[clip].astype(np.float32).ravel()))
    *columns, embeddings = zip(*rows, strict=True)
    names = ["uri", "machine_type", "machine_id", "date", "embedding"]
    return pa.table([*map(pa.array, columns), pa.array(embeddings, pa.list_(pa.float32()))], names=names)


def judged(files: Sequence[Path], detector: Mapping[str, Any], learnt: int, by_level: bool) -> dict[int, Rows]:
    """Number of anomalous clips → rows of ALARMS of all machine-nights that have so many."""
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"{folder}/store")
        tables = [Path(folder) / f"{file.stem}.parquet" for file in files]
        for file, path in zip(files, tables, strict=True):
            pq.write_table(night_rows(file, learnt, by_level), path)
        import_embeddings(store, "nights", tables)
        settings = {
            "encoder": {"kind": "imported", "name": "nights"},
            "embedding": {"transform": "log-zscore"},
            "detector": dict(detector),
        }
        recipe = Recipe("nights", settings)
        clips = stored_clips(store, recipe)
        is_learnt = pc.less(clips["date"], _FIRST[0].isoformat())
        fit(store, recipe, clips.filter(is_learnt), LocalEngine())
        score(store, recipe, clips.filter(pc.invert(is_learnt)), LocalEngine())
        days, found = pc.unique(clips["date"]).to_pylist(), dict[int, Rows]()
        for number in ANOMALOUS:
            own = [day for day in days if day.startswith(f"{_FIRST[number].year}-")]
            alarms = find_alarms(store, recipe, own, config=AlarmConfig(drift=0.0))
            found[number] = [row for rows in alarms.values() for row in rows.to_pylist()]
        return found


def share(rows: Rows, level: float) -> float:
    """Share of machine-nights with p at most a level; those not decided count as none."""
    return float(np.mean([row["p_value"] is not None and row["p_value"] <= level for row in rows]))


def of_count(rows: Rows, level: float) -> float:
    """Share of machine-nights with so many flagged clips that a binomial of 0.1 has them with p at most a level."""
    from scipy.stats import binom

    flagged, clips = (np.array([row[name] for row in rows]) for name in ("flagged", "clips"))
    return float((binom.sf(flagged - 1, clips, 0.1) <= level).mean())


def fleet_rows(name: str, found: Mapping[int, Rows], week: float) -> list[list[str]]:
    """Nights that are told of those with 0, 1, 3 and 10 anomalous clips, by three rules."""
    normal = [f"{share(found[0], level):.1%}" for level in (0.1, 0.05)]
    flags = [f"{np.mean([row['flagged'] > 0 for row in found[k]]):.1%}" for k in ANOMALOUS]
    return [
        [name, *normal, *(f"{share(found[k], week):.1%}" for k in ANOMALOUS)],
        [f"{name}: *count*", "", "", *(f"{of_count(found[k], week):.1%}" for k in ANOMALOUS)],
        [f"{name}: *a flagged clip*", "", "", *flags],
    ]


def machine_rows(by_detector: Mapping[str, Mapping[int, Rows]], week: float) -> list[list[str]]:
    """A row for each machine: nights that are told by each detector."""
    some = next(iter(by_detector.values()))[0]
    rows = []
    for machine in sorted({(row["machine_type"], row["machine_id"]) for row in some}):
        cells = []
        for found in by_detector.values():
            own = [[row for row in found[k] if (row["machine_type"], row["machine_id"]) == machine] for k in ANOMALOUS]
            cells += [" / ".join(f"{share(rows_of_k, week):.0%}" for rows_of_k in own)]
        rows.append([machine_name(*machine), str(len(own[0])), *cells])
    return rows


def show(found: Mapping[tuple[bool, int], Mapping[str, Mapping[int, Rows]]], machines: int) -> None:
    """Print both tables; the key is ordered by level, and nights learnt."""
    week = 1 / 7 / machines
    rows = []
    for (by_level, learnt), by_detector in found.items():
        order, nights = "by level" if by_level else "file", "14" if learnt == FORTNIGHT else "all"
        for name, own in by_detector.items():
            rows += [[order, nights, *cells] for cells in fleet_rows(name, own, week)]
    columns = ["order", "learnt", "rule", "normal, p ≤ 0.1", "p ≤ 0.05", f"p ≤ {week:.3f}"]
    table("Real nights told", columns + [f"{k} anomalous" for k in ANOMALOUS[1:]], rows)
    by_machine = machine_rows(found[False, FORTNIGHT], week)
    table("Nights told with 0 / 1 / 3 / 10 anomalous clips", ["machine", "nights", *DETECTORS], by_machine)


def main() -> None:
    files = sorted((Path(os.environ["ASD_REAL_DATA"]) / "dcase2020_dev_modspec_features").glob("*.npz"))
    show(
        {
            (by_level, learnt): {name: judged(files, own, learnt, by_level) for name, own in DETECTORS.items()}
            for by_level in (False, True)
            for learnt in (FORTNIGHT, ALL)
        },
        len(files),
    )


if __name__ == "__main__":
    main()
