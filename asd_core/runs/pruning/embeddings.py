"""Embeddings of clips of old nights that no scorer which stays has learnt.

Scorers hold what they have learnt, so nothing is scored by them. A later fit on such nights, or a run that is repeated
on them, decodes their audio again. Imported embeddings cannot be made again, and stay.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import UNDATED
from asd_core.digest import content_hash
from asd_core.runs.pruning.named import Named
from asd_core.runs.pruning.prunable import Limit, Prunable
from asd_core.store.broken_files import table_in
from asd_core.store.files import FileInfo
from asd_core.store.layout import dated_name
from asd_core.store.many_files import read_many, read_present
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, INDEX, to_parquet

_MANIFEST = pa.schema([CLIPS.field("clip_id")])
_MEND = "remove the folder it is in, which is made again from the shards"


@dataclass
class OldEmbeddings:
    """Shards that may go, and the index files that name them.

    Attributes:
        things: a shard each.
        indexes: index file → its rows that stay.
    """

    things: list[Prunable] = field(default_factory=list)
    indexes: dict[str, pa.Table] = field(default_factory=dict)

    def leave_index(self, store: Store) -> None:
        """Take the shards off the index; what is left of an index file is in another before it goes."""
        for path, rows in self.indexes.items():
            if len(rows):
                data = to_parquet(rows)
                dates = sorted(pc.unique(rows["date"]).to_pylist())
                store.files.write_new(f"{path.rpartition('/')[0]}/{dated_name(dates, content_hash(data))}", data)
            store.files.delete(path)


def old_embeddings(store: Store, limit: Limit, named: Named, scorers: Collection[str]) -> OldEmbeddings:
    """Shards of which every clip is of an old night and was learnt by no scorer that stays.

    Args:
        store: where they are.
        limit: from when on a night is old.
        named: in the run records.
        scorers: ``<folder>/<version>`` of those that stay.
    """
    imported = {one.get("fingerprint") for one in store.encoder_names().values() if "fingerprint" in one}
    kept_as, found = _learnt(store, named, scorers), OldEmbeddings()
    folders: dict[str, list[FileInfo]] = {}
    for info in store.files.list("embeddings"):
        folders.setdefault(info.path.split("/")[1], []).append(info)
    for fingerprint, infos in sorted(folders.items()):
        if fingerprint not in imported:
            _add(store, fingerprint, infos, limit, kept_as, found)
    return found


def _add(
    store: Store, fingerprint: str, infos: Sequence[FileInfo], limit: Limit, learnt: pa.Array, found: OldEmbeddings
) -> None:
    start = f"embeddings/{fingerprint}/"
    if any(info.path.startswith(f"{start}unindexed/") for info in infos):
        return  # a run writes shards, or broke: the next one that ends makes their index
    shards = {info.path[len(start) + 7 : -8]: info for info in infos if info.path.startswith(f"{start}shards/")}
    paths = [info.path for info in infos if info.path.startswith(f"{start}index/")]
    tables = [
        table_in(path, data, INDEX, _MEND) for path, data in zip(paths, read_many(store.files, paths), strict=True)
    ]
    rows = pa.concat_tables([INDEX.empty_table(), *tables])
    needed = set(pc.unique(rows.filter(_is_needed(rows, limit, learnt))["shard"]).to_pylist())
    indexed = set(pc.unique(rows["shard"]).to_pylist())
    old = {
        shard: info
        for shard, info in shards.items()
        if (shard not in needed if shard in indexed else limit.are_old_files([info]))
    }
    gone = pa.array(sorted(old), pa.string())
    for path, table in zip(paths, tables, strict=True):
        is_gone = pc.is_in(table["shard"], value_set=gone)
        if pc.any(is_gone).as_py():
            found.indexes[path] = table.filter(pc.invert(is_gone))
    found.things += [Prunable(info.path, (info,)) for _, info in sorted(old.items())]


def _is_needed(rows: pa.Table, limit: Limit, learnt: pa.Array) -> pa.ChunkedArray:
    young = [date for date in pc.unique(rows["date"]).to_pylist() if date == UNDATED or not limit.is_old_date(date)]
    is_young = pc.is_in(rows["date"], value_set=pa.array(young, pa.string()))
    return pc.or_(is_young, pc.is_in(rows["clip_id"], value_set=learnt))


def _learnt(store: Store, named: Named, scorers: Collection[str]) -> pa.Array:
    """Ids of the clips in the manifests of the fits that made scorers."""
    paths = sorted({path for name in scorers for path in named.fit_manifests.get(name, ())})
    ids = [pa.array([], pa.string())]
    for path, data in zip(paths, read_present(store.files, paths), strict=True):
        if data is not None:
            ids += table_in(path, data, _MANIFEST, "restore it, or remove it: its clips are not kept then")[
                "clip_id"
            ].chunks
    return pc.unique(pa.chunked_array(ids, pa.string()))
