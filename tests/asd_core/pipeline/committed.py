"""Shards committed to a store for the reducer."""

import numpy as np
import pyarrow as pa

from asd_core.encoders.build import embeddings_fingerprint
from asd_core.pipeline.machine_tasks import MachineTask
from asd_core.recipe.recipe import load_recipe
from asd_core.store.layout import shard_path
from asd_core.store.tables import CLIPS, EMBEDDINGS, embedding_column, to_parquet

KNN = load_recipe("twfr-knn")
FINGERPRINT = embeddings_fingerprint(KNN.for_machine("fan").encoder)


def commit(store, machines, count=10, date="2026-11-01", shard="s", broken=()):
    """A shard with so many clips of each machine; returns rows of CLIPS with their shard."""
    ids = [f"{machine}-{date}-{number}" for machine in machines for number in range(count)]
    clips = {name: [""] * len(ids) for name in CLIPS.names} | {"recorded_at": [None] * len(ids), "size": [1] * len(ids)}
    clips |= {"clip_id": ids, "uri": [f"file:///{name}" for name in ids], "date": [date] * len(ids)}
    clips |= {"machine_type": ["fan"] * len(ids), "machine_id": [name.split("-")[0] for name in ids]}
    embeddings = np.random.default_rng(len(date)).normal(size=(len(ids), 3)).astype(np.float32)
    good = np.array([name not in broken for name in ids])
    reasons = [None if ok else "empty" for ok in good]
    outcome = {"seconds": [1.0] * len(ids), "level_db": [-20.0] * len(ids)}
    outcome |= {"error_reason": reasons, "error": reasons, "warning": [None] * len(ids)}
    columns = {**clips, **outcome, "embedding": embedding_column(embeddings, good)}  # as before there were segments
    table = pa.table(columns, schema=pa.schema([EMBEDDINGS.field(name) for name in columns]))
    store.files.write(shard_path(FINGERPRINT, shard), to_parquet(table))
    return table.select(CLIPS.names).append_column("shard", pa.array([shard] * len(ids)))


def task(store, clips, **given):
    """All of these clips as one task of the reducer."""
    ordered = clips.sort_by([("machine_id", "ascending"), ("uri", "ascending")])
    names = ("versions", "transient", "run_id")
    values = {"versions": {}, "transient": {}, "run_id": "run"} | given
    return MachineTask(
        store.files.url, ("twfr-knn", KNN.settings), "key", {"fan": FINGERPRINT}, ordered, *(values[n] for n in names)
    )
