"""A store of many nights, and one more night, of which only what the driver asks of the store is real."""

import json
from dataclasses import asdict
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from asd_core.audio.measures import measure
from asd_core.captions.clip_tasks import MEASURES, MeasureTask
from asd_core.captions.selection import CaptionOrder
from asd_core.clips.clip import Placement, clips_table
from asd_core.digest import content_hash
from asd_core.encoders.build import embeddings_fingerprint
from asd_core.pipeline.machine_tasks import ScoreOutcome
from asd_core.pipeline.scorer_versions import HEADS
from asd_core.pipeline.shards import ShardOutcome
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.caption import CaptionRun
from asd_core.runs.report import latest_scored, read_night
from asd_core.runs.score import score
from asd_core.store.layout import night_path, score_part_path
from asd_core.store.night_files import night_bytes
from asd_core.store.run_records import RunEntry
from asd_core.store.store import Store
from asd_core.store.tables import CAPTIONS, EMBEDDINGS, INDEX, SCORES, to_parquet

RECIPE = load_recipe("twfr-knn")
KEY, FINGERPRINT = RECIPE.key(), embeddings_fingerprint(RECIPE.for_machine("").encoder)
VERSION = "v000001-00000000"
MEASURED = json.dumps(asdict(measure(np.random.default_rng(0).normal(0, 0.1, 16_000).astype(np.float32), 16_000)))
NO_CAPTIONS, NO_MEASURES = to_parquet(CAPTIONS.empty_table()), to_parquet(MEASURES.empty_table())
HISTORY = 60  # nights that a report reads, whose files are there; older ones have records only
WEEK = 7
LEARNT = "2023-12-01"  # the night that the scorers learnt


def day(number):
    return (date(2024, 1, 1) + timedelta(number)).isoformat()


def night_clips(night, machines):
    """One clip of each machine."""
    places = [Placement("fan", f"{machine:05d}", date=night) for machine in range(machines)]
    uris = [f"s3://archive/{night}/{machine:05d}.wav" for machine in range(machines)]
    return clips_table(uris, [1] * machines, ["v"] * machines, places)


def score_rows(clips, flagged=False):
    """Scores of clips; a flagged one is far from a clip of the last fit."""
    count = len(clips)
    columns = {name: clips[name] for name in clips.column_names}
    columns |= {name: pa.nulls(count, SCORES.field(name).type) for name in SCORES.names if name not in columns}
    given = {"anomaly_score": 0.5, "decision_threshold": 1.0, "is_flagged": flagged, "scorer_version": VERSION}
    columns |= {name: pa.array([value] * count) for name, value in given.items()}
    columns["nearest_uris"] = pa.array([[f"s3://archive/{LEARNT}/00000.wav"]] * count)
    return pa.table({name: columns[name] for name in SCORES.names}).cast(SCORES)


def kept_files(nights, machines):
    """Path → bytes of a store of so many nights: a fit each week, each night scored, captioned and embedded."""
    files = keep_index({}, LEARNT)
    scorers = {f"scorers/{KEY}/fan/{machine:05d}": VERSION for machine in range(machines)}
    for number in range(nights):
        night = day(number)
        clips = night_clips(night, 1)
        is_kept = number >= nights - HISTORY
        path = score_part_path(KEY, night, f"nightly-{number}", 0)
        data = to_parquet(score_rows(clips)) if is_kept else b"read by nobody"
        record = {"run_id": f"nightly-{number}", "job": "nightly", "score_files": {path: content_hash(data)}}
        entry = keep_record(files, record, night)
        files[f"run_index/{KEY}/in_nights/nightly-{number}"] = b""
        if is_kept:
            files |= {path: data, night_path(KEY, night): night_bytes([score_rows(clips)], [entry])}
        named = {"caption_files": {f"captions/{KEY}/{number}.parquet": content_hash(NO_CAPTIONS)}}
        named |= {"run_id": f"caption-{number}", "job": "caption", "llm": "", "method": "acoustic"}
        keep_record(files, named, night)
        files[f"captions/{KEY}/{number}.parquet"] = NO_CAPTIONS
        keep_index(files, night)
        files[f"measures/mix/{night},{night},0.parquet"] = NO_MEASURES
        if number % WEEK == 0:
            keep_record(files, {"run_id": f"fit-{number}", "job": "fit", "scorers": scorers}, LEARNT, night)
    heads = []
    for machine in range(machines):
        folder = f"scorers/{KEY}/fan/{machine:05d}"
        files[f"newest_{folder}/{VERSION}"] = b""
        encoder = {"kind": "twfr", "clip_seconds": 10.0}
        head = {"machine_type": "fan", "machine_id": f"{machine:05d}", "recipe": {"encoder": encoder}, "threshold": 1.0}
        head |= {"median_unseen_score": 0.5, "false_alarm_rate": 0.1, "notes": [], "normal_clips": 9}
        heads.append({"folder": folder, "version": VERSION, "head": json.dumps(head)})
    files[f"newest_scorers/{KEY}/+complete"] = b""
    files[f"scorer_heads/{KEY}/1.parquet"] = to_parquet(pa.Table.from_pylist(heads, HEADS))
    return files


def keep_index(files, night):
    clips = night_clips(night, 1)
    index = clips.append_column("error_reason", pa.nulls(1, pa.string())).append_column("shard", pa.array(["s"]))
    files[f"embeddings/{FINGERPRINT}/index/{night},{night},0.parquet"] = to_parquet(index.cast(INDEX))
    return files


def keep_record(files, record, night, committed=None):
    committed_at = f"{committed or night}T23:00:00.000000+00:00"
    record = {**record, "key": KEY, "dates": [night], "committed_at": committed_at}
    entry = RunEntry(committed_at, record["run_id"], record["job"], KEY, night, night)
    files |= {f"runs/{record['run_id']}.json": json.dumps(record).encode(), entry.path: b""}
    return entry


class Nobody:
    """An engine whose workers leave in the bucket what they would, without any work."""

    workers, device = 16, "cpu"

    def __init__(self, bucket):
        self._bucket = bucket

    def embed(self, store_url, shards):
        for shard in shards:
            rows = {name: shard.clips[name] for name in shard.clips.column_names}
            rest = [EMBEDDINGS.field(name) for name in EMBEDDINGS.names if name not in rows]
            rows |= {field.name: pa.nulls(len(shard.clips), field.type) for field in rest}
            self._bucket.put(f"embeddings/{FINGERPRINT}/shards/{shard.name}.parquet", to_parquet(pa.table(rows)))
            yield shard, ShardOutcome(shard.name, {}, {})

    def map(self, function, items, *, on_gpu=False):
        for task in items:
            yield self._measured(task) if isinstance(task, MeasureTask) else self._scored(task)

    def _measured(self, task):
        rows = [{"clip_id": name, "uri": "", "measures": MEASURED} for name in task.clips["clip_id"].to_pylist()]
        return pa.Table.from_pylist(rows, MEASURES), {}

    def _scored(self, task):
        data = to_parquet(score_rows(task.clips.drop_columns("shard"), flagged=task.part == 0))
        path = score_part_path(KEY, task.clips["date"][0].as_py(), task.run_id, task.part, content_hash(data)[:8])
        self._bucket.put(path, data)
        return ScoreOutcome(len(task.clips), 0, 0, {}, {path: content_hash(data)})


def work_through(bucket, night, machines):
    """Ask what `asd nightly` asks of the store: scores, captions and all that the report shows."""
    store, engine = Store(bucket), Nobody(bucket)
    captions = CaptionRun(store, RECIPE, CaptionOrder("acoustic", keeps_evidence=True), engine)
    clips = night_clips(night, machines)
    record = score(store, RECIPE, clips, engine, job="nightly", on_scored=lambda one: captions.add_flagged(one.files))
    captioned = captions.finish()
    assert captioned["errors"] == 0 and captioned["notes"] == [], captioned
    assert latest_scored(store, KEY) == night
    return record, captioned, read_night(store, RECIPE, KEY, night)
