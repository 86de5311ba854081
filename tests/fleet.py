"""Small fleets of noise, in the fleet layout and in folders of DCASE 2020."""

import os
import zlib

import numpy as np
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import select
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.fit import fit
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store

KNN = load_recipe("twfr-knn")


NIGHTS = ["2026-11-01", "2026-11-02", "2026-11-03"]


def write_wav(path, seed, seconds=1.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.random.default_rng(seed).normal(0, 0.1, int(16_000 * seconds)), 16_000)


def clip_path(root, machine_id, date, number, machine_type="fan"):
    return root / f"machine_type={machine_type}/machine_id={machine_id}/date={date}/{number:02d}.wav"


def write_fleet(root, machines=("00", "01"), dates=NIGHTS, clips=4):
    """A fleet of fans: so many one-second clips a machine and night, each of its own noise."""
    for machine in machines:
        for date in dates:
            for number in range(clips):
                path = clip_path(root, machine, date, number)
                write_wav(path, seed=zlib.crc32(f"{machine} {date} {number}".encode()))
    return root


def touched(path):
    """The same bytes with another time, as a copy has: another clip."""
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 10**9))


def listed(root, **where):
    return select(list_archive(str(root)).clips, **where)


def files_of(folder):
    """Every file below a folder with its size and the moment it was written."""
    return {info.path: (info.size, info.version) for info in LocalFiles(folder).list()}


def by_uri(rows):
    """Score rows by uri, without what may differ between two runs."""
    return {row["uri"]: row for row in rows.to_pylist()}


def fitted(tmp_path, until=NIGHTS[1], recipe=KNN):
    """A fleet of two fans in ``archive`` and a store with their scorers."""
    archive, store = write_fleet(tmp_path / "archive"), Store(LocalFiles(tmp_path / "store"))
    fit(store, recipe, listed(archive, until=until), LocalEngine())
    return archive, store


def write_dcase(root, machines=("00", "02"), train=6, test=4):
    """DCASE 2020 folders of fans; anomalies are longer noises of another seed."""
    for machine in machines:
        for number in range(train):
            write_wav(root / f"fan/train/normal_id_{machine}_{number:08d}.wav", seed=number)
        for number in range(test):
            for condition in ("normal", "anomaly"):
                path = root / f"fan/test/{condition}_id_{machine}_{number:08d}.wav"
                write_wav(path, seed=100 + number, seconds=1.0 if condition == "normal" else 1.25)
    return root
