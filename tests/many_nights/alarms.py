"""A store of a fleet's scored nights, of which only what alarms are made from is real.

`python -m tests.many_nights.alarms [MACHINES [NIGHTS [PAGE]]]` makes one in a folder of its own. It tells how long
alarms of its last night and the page of all nights take, and how much memory. PAGE keeps that page.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.pipeline.fitted_nights import FITTED_NIGHTS
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.runs.alarms import find_alarms
from asd_core.runs.fleet_pages import report_nights
from asd_core.store.layout import night_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.night_files import night_bytes
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, to_parquet
from tests.many_nights.plant import KEY, RECIPE, VERSION, day, keep_record

CLIPS, LEARNT = 5, 14


def kept_fleet(machines, nights, faulty=()):
    """Path → bytes, night by night: scorers that learnt 14 nights, and scores of so many nights after them.

    Args:
        machines: number of fans.
        nights: number of scored nights.
        faulty: positions of machines whose last night lies far off.

    Yields:
        Files of the scorers first, then those of each night.
    """
    rng = np.random.default_rng(0)
    names = [f"{machine:05d}" for machine in range(machines)]
    folders = [scorer_folder(KEY, "fan", name) for name in names]
    learnt = machines * LEARNT * CLIPS
    columns = {"folder": np.repeat(folders, LEARNT * CLIPS), "version": [VERSION] * learnt}
    columns |= {"night": np.tile(np.repeat([f"2023-11-{n + 1:02d}" for n in range(LEARNT)], CLIPS), machines)}
    columns |= {
        "left_out": ["night"] * (machines * LEARNT * CLIPS),
        "level_db": np.full(machines * LEARNT * CLIPS, -20.0),
    }
    columns["anomaly_score"] = drawn(rng, machines * LEARNT).ravel()
    fitted = pa.table({name: pa.array(columns[name]) for name in FITTED_NIGHTS.names}).cast(FITTED_NIGHTS)
    yield {
        f"newest_scorers/{KEY}/+complete": b"",
        f"fitted_nights/{KEY}/1.parquet": to_parquet(fitted),
        **{f"newest_{folder}/{VERSION}": b"" for folder in folders},
    }
    count = machines * CLIPS
    blank = {one.name: pa.nulls(count, one.type) for one in SCORES}
    blank |= {one.name: pa.array([""] * count) for one in SCORES if not one.nullable and one.type == pa.string()}
    blank |= {"machine_type": pa.array(["fan"] * count), "machine_id": pa.array(np.repeat(names, CLIPS))}
    blank |= {"size": pa.array(np.ones(count, np.int64)), "scorer_version": pa.array([VERSION] * count)}
    blank |= {"is_flagged": pa.array([False] * count), "extra": pa.array(["{}"] * count)}
    for number in range(nights):
        night, scores = day(number), drawn(rng, machines)
        if number == nights - 1:
            scores[list(faulty)] += 20
        uris = [f"s3://archive/{night}/{place}.wav" for place in range(count)]
        rows = blank | {"date": pa.array([night] * count), "uri": pa.array(uris), "clip_id": pa.array(uris)}
        rows |= {"anomaly_score": pa.array(scores.ravel())}
        table = pa.table({name: rows[name] for name in SCORES.names}).cast(SCORES)
        files = {}
        record = {"run_id": f"nightly-{number}", "job": "nightly", "score_files": {"gone": content_hash(b"")}}
        entry = keep_record(files, record, night)
        files[f"run_index/{KEY}/in_nights/nightly-{number}"] = b""
        yield files | {night_path(KEY, night): night_bytes([table], [entry])}


def drawn(rng, nights):
    """Scores (nights, CLIPS): a part of the night and a part of the clip."""
    return rng.normal(size=(nights, CLIPS)) + rng.normal(size=(nights, 1))


def main(machines=10_000, nights=365, keep=None):
    with tempfile.TemporaryDirectory() as folder:
        store = Store(LocalFiles(Path(folder)))
        for files in kept_fleet(machines, nights, faulty=(7,)):
            for path, data in files.items():
                store.files.write(path, data)
        last = day(nights - 1)
        rules = (None, RECIPE.with_settings({"alarm.false_alarms": 1.0}).for_machine("").alarm)
        for told, config in (("first time", None), ("again", None), ("another rule", rules[1])):
            start, cpu = time.monotonic(), time.process_time()
            rows = find_alarms(Store(LocalFiles(Path(folder))), RECIPE, [last], config=config)[last]
            seconds, cpu = time.monotonic() - start, time.process_time() - cpu
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            alarms = rows["tier"].to_pylist().count("act")
            print(
                f"{told}: {seconds:.1f} s, {cpu:.1f} s of CPU, {peak:.2f} GiB, {len(rows)} machines, {alarms} alarms",
                flush=True,
            )
        for told in ("page of all nights, no night's alarms kept", "again"):
            start, cpu = time.monotonic(), time.process_time()
            page = store.files.read(report_nights(Store(LocalFiles(Path(folder))), RECIPE))
            seconds, cpu = time.monotonic() - start, time.process_time() - cpu
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
            rows = page.count(b"data-anchor=")
            print(
                f"{told}: {seconds:.1f} s, {cpu:.1f} s of CPU, {peak:.2f} GiB, {rows} rows, {len(page) / 2**20:.2f} MiB"
            )
        if keep:
            Path(keep).write_bytes(page)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
