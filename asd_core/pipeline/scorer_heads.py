"""Each machine's newest scorer as reports show it, without opening 10,000 files a night.

A scorer's head is its ``scorer.json``. Heads that were read one by one are kept together in one file, which the next
reader opens instead; versions are never written over, so what is kept stays true.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.store.many_files import delete_many, read_present
from asd_core.store.store import Store
from asd_core.store.tables import from_parquet, to_parquet

HEADS = pa.schema(
    [
        pa.field("folder", pa.string(), nullable=False),  # the machine's, under scorers/
        pa.field("version", pa.string(), nullable=False),
        pa.field("head", pa.string(), nullable=False),  # scorer.json with the number of its uris instead of them
    ]
)
"""One row per machine."""

_FEW = 64  # heads that are read one by one as fast as a file of them


def newest_heads(store: Store, key: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Scorer folder → version and head of the machine's newest scorer.

    A head is the object in ``scorer.json``; ``normal_clips`` (how many it learnt) stands instead of ``uris``.
    """
    newest = sorted(newest_versions(store, key).items())
    folder = f"scorer_heads/{key}"
    files = [info.path for info in store.files.list(folder)] if len(newest) > _FEW else []
    heads = dict(_kept(store, files))
    lacking = [each for each in newest if each not in heads]
    paths = [f"{machine}/{version}/scorer.json" for machine, version in lacking]
    for each, data in zip(lacking, read_present(store.files, paths), strict=True):
        if data is not None:  # a folder that was removed by hand
            heads[each] = _shortened(data)
    found = {machine: (version, heads[machine, version]) for machine, version in newest if (machine, version) in heads}
    if len(lacking) > _FEW:
        rows = [{"folder": name, "version": one[0], "head": json.dumps(one[1])} for name, one in found.items()]
        data = to_parquet(pa.Table.from_pylist(rows, HEADS))
        path = f"{folder}/{content_hash(data)}.parquet"
        store.files.write_new(path, data)
        delete_many(store.files, [other for other in files if other != path])
    return found


def _kept(store: Store, paths: list[str]) -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for data in read_present(store.files, paths):
        for row in [] if data is None else from_parquet(data).to_pylist():
            yield (row["folder"], row["version"]), json.loads(row["head"])


def _shortened(data: bytes) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(data)
    uris = head.pop("uris")
    return {**head, "normal_clips": len(uris)}
