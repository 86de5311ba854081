"""A store of a year: real scorers that were fitted again each week, a night a day, pages, labels, and what was left.

The scorers learnt real audio. Scores are drawn around theirs, so that alarms are found as in a fleet that is well.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.pages.night.navigation import Neighbours
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.store.alarm_schemas import LABELS
from asd_core.store.layout import night_page_path, night_path, score_part_path
from asd_core.store.local_files import LocalFiles
from asd_core.store.night_files import night_bytes
from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, from_parquet, to_parquet
from tests.fleet import listed, write_fleet
from tests.many_nights.plant import FINGERPRINT, KEY, NO_CAPTIONS, NO_MEASURES, RECIPE, WEEK, day, keep_index

LEARNT = [f"2023-12-{number}" for number in range(26, 32)]
CLIPS = 2  # of a machine in a night
MEDIA = {"a.flac": b"\0" * 20_000, "a.png": b"\0" * 20_000, "b.flac": b"\0" * 20_000}
KILLED = 10  # every so many weeks a fit, and every so many nights a scoring run


def machine_names(machines):
    return [f"{number:03d}" for number in range(machines)]


def write_archive(root, machines, *nights):
    """Real recordings of the learnt nights and of some others."""
    return write_fleet(Path(root) / "archive", machine_names(machines), [*LEARNT, *nights], clips=CLIPS)


def plant_year(root, machines, nights):
    """A store in ``root/store`` with so many nights, the last of them ``day(nights - 1)``; gives its folder."""
    archive, folder = write_archive(root, machines), Path(root) / "store"
    store = Store(LocalFiles(folder))
    record, _ = fit(store, RECIPE, listed(archive), LocalEngine(), lends=False)
    year = _Year(folder, store, machines, record)
    year.date_fit(record, LEARNT[-1])
    for number in range(nights):
        if number % WEEK == 0:
            year.fit_twice(number)
        year.night(number, nights)
        if number % WEEK == 3:
            year.label(number)
    year.leave()
    return folder


class _Year:
    def __init__(self, folder, store, machines, record):
        self.folder, self.store, self.manifest = folder, store, record["clips"]
        self.machines = machine_names(machines)
        self.versions, self.week = dict(record["scorers"]), 1
        self.kept = {}  # scorer folder → its head, arrays and nights
        for place, version in record["scorers"].items():
            (arrays,) = folder.joinpath(place, version).glob("*.npz")
            nights = folder / place / version / "nights.parquet"
            head = json.loads((folder / place / version / "scorer.json").read_text())
            self.kept[place] = head, arrays.name, arrays.read_bytes(), nights.read_bytes()
        scores = np.concatenate([from_parquet(kept[3])["anomaly_score"].to_numpy() for kept in self.kept.values()])
        self.place, self.scale, self.rng = scores.mean(), scores.std(), np.random.default_rng(0)
        self.blank = self._blank_rows()

    def put(self, path, data, modified=None):
        full = self.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)
        if modified is not None:
            os.utime(full, (modified.timestamp(), modified.timestamp()))

    def record(self, record, dates, committed_at):
        record = {"key": KEY, "recipe": {"name": RECIPE.name, "settings": RECIPE.settings}, **record}
        record |= {"dates": dates, "committed_at": committed_at, "libraries": {"numpy": "1"}}
        entry = RunEntry(committed_at, record["run_id"], record["job"], record["key"], min(dates), max(dates))
        self.put(f"runs/{record['run_id']}.json", json.dumps(record).encode())
        self.put(entry.path, b"")
        return entry

    def date_fit(self, record, night):
        """Make the real fit one of the past."""
        for path in (self.folder / "run_index").rglob(f"*{record['run_id']}"):
            path.unlink()
        self.record(dict(record), LEARNT, at(night, "20:00"))

    def fit_twice(self, number):
        """Fit every machine, and once more an hour later: nobody scores with the first of both."""
        for hour in ("05:00", "06:00"):
            self.week += 1
            versions = {}
            for place, (head, arrays, data, nights) in self.kept.items():
                text = json.dumps(head | {"notes": [f"week {self.week}"]}, indent=1, sort_keys=True).encode()
                version = f"v{self.week:06d}-{content_hash(text)[:8]}"
                files = {arrays: data, "nights.parquet": nights, "scorer.json": text}
                for name, content in files.items():
                    self.put(f"{place}/{version}/{name}", content)
                self.put(f"newest_{place}/{version}", b"")
                (self.folder / f"newest_{place}/{self.versions[place]}").unlink()
                versions[place] = version
            self.versions = versions
            told = {"run_id": f"fit-{self.week:04d}", "job": "fit", "scorers": versions, "clips": self.manifest}
            self.record(told | {"fingerprints": {"": FINGERPRINT}}, LEARNT, at(day(number), hour))
        if number % (KILLED * WEEK) == 0:
            place = next(iter(self.kept))
            self.put(f"{place}/v000000-{number:08d}/{content_hash(b'')}.npz", b"", moment(day(number)))

    def night(self, number, nights):
        night, count = day(number), len(self.machines) * CLIPS
        drawn = self.rng.normal(size=(len(self.machines), CLIPS)) + 0.5 * self.rng.normal(size=(len(self.machines), 1))
        uris = [f"s3://archive/{night}/{place}.wav" for place in range(count)]
        versions = np.repeat([self.versions[f"scorers/{KEY}/fan/{name}"] for name in self.machines], CLIPS)
        rows = self.blank | {"date": pa.array([night] * count), "uri": pa.array(uris), "clip_id": pa.array(uris)}
        rows |= {"anomaly_score": pa.array((self.place + self.scale * drawn).ravel()), "scorer_version": versions}
        table = pa.table({name: rows[name] for name in SCORES.names}).cast(SCORES)
        part, run_id = to_parquet(table), f"nightly-{number:04d}"
        path = score_part_path(KEY, night, run_id, 0, content_hash(part)[:8])
        counts = {"listed": count, "scored": count, "errors": 0, "errors_by_reason": {}, "flagged": 0, "warnings": 0}
        told = {"run_id": run_id, "job": "nightly", "score_files": {path: content_hash(part)}, "counts": counts}
        told |= {"scorers": self.versions, "judged_anew": {}, "notes": [], "started_at": at(night, "22:50")}
        entry = self.record(told | {"fingerprints": {"": FINGERPRINT}}, [night], at(night, "23:00"))
        captions = f"captions/{KEY}/{content_hash(NO_CAPTIONS)}.parquet"
        told = {"run_id": f"caption-{number:04d}", "job": "caption", "llm": "", "method": "acoustic"}
        self.record(told | {"caption_files": {captions: content_hash(NO_CAPTIONS)}}, [night], at(night, "23:01"))
        beside = Neighbours(day(number - 1) if number else None, day(number + 1) if number + 1 < nights else None)
        files = keep_index({}, night) | {
            path: part,
            captions: NO_CAPTIONS,
            night_path(KEY, night): night_bytes([table], [entry]),
            f"run_index/{KEY}/in_nights/{run_id}": b"",
            f"measures/mix/{night},{night},0.parquet": NO_MEASURES,
            night_page_path(KEY, night): page(beside),
        }
        folder = night_page_path(KEY, night).removesuffix("index.html")
        files |= {f"{folder}media/{name}": data for name, data in MEDIA.items()}
        for path, data in files.items():
            self.put(path, data)
        if number % KILLED == 0:
            self.put(score_part_path(KEY, night, "nightly-killed", 0, "00"), part, moment(night))

    def label(self, number):
        row = {"machine_type": "fan", "machine_id": self.machines[0], "date": day(number), "uri": None}
        row |= {"answer": "normal", "words": "", "until": None, "labelled_by": ""}
        schema = pa.schema([one for one in LABELS if one.name != "labelled_at"])
        self.store.keep_labels(pa.Table.from_pylist([row], schema))

    def leave(self):
        """Leave what searches, trainings and writers leave that are killed."""
        begun = moment(day(0))
        for name in ("one", "two"):
            self.put(f"tuning/data/{name}/fan/arrays.npy", b"\0" * 1000, begun)
        self.put("tuning/tune-killed/index.html", b"<p>", begun)
        self.put("trained/net/under_way/train-1/state.json", b"{}", begun)
        self.put(".asd-parts/.asd-part-1", b"\0" * 1000, begun)

    def _blank_rows(self):
        count = len(self.machines) * CLIPS
        blank = {one.name: pa.nulls(count, one.type) for one in SCORES}
        blank |= {one.name: pa.array([""] * count) for one in SCORES if not one.nullable and one.type == pa.string()}
        blank |= {"machine_type": pa.array(["fan"] * count), "machine_id": pa.array(np.repeat(self.machines, CLIPS))}
        blank |= {"size": pa.array(np.ones(count, np.int64)), "is_flagged": pa.array([False] * count)}
        return blank | {"extra": pa.array(["{}"] * count), "decision_threshold": pa.array(np.full(count, 1e9))}


def at(night, clock):
    return f"{night}T{clock}:00.000000+00:00"


def moment(night):
    return datetime.fromisoformat(at(night, "12:00"))


def page(beside):
    """A page with links to the nights beside it, two pictures and a sound."""
    media = (
        '<img src="media/a.png" alt=""><audio controls src="media/a.flac"></audio><audio src="media/b.flac"></audio>'
    )
    return f"<!doctype html><title>night</title>{beside.__html__()}<figure>{media}</figure>".encode()


def older_than(night):
    """The option of a prune that takes the nights before one, today."""
    return f"{(datetime.now(UTC) - datetime.fromisoformat(at(night, '00:00'))) // timedelta(days=1)}d"
