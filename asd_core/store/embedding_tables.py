"""Stored embeddings: shards, and the index that says which shard holds each clip.

Both grow with every night. An index file's name therefore tells the dates of its clips, and a run opens only those of
the dates it needs. Shards are listed only where some may lack an index: while a run embeds, and after it broke, an
empty file in ``unindexed/`` says so.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.broken_files import table_in
from asd_core.store.files import Files
from asd_core.store.layout import dated_name, digest_in, may_hold, shard_path, span_in
from asd_core.store.many_files import delete_many, read_many, write_many
from asd_core.store.run_records import RunRecords
from asd_core.store.tables import EMBEDDINGS, INDEX, filled, first_of_each, from_parquet, to_parquet

ONE_INDEX_FILE = 1 << 18  # rows; more are kept in a file for each date


class EmbeddingTables(RunRecords):
    """The embeddings of a store."""

    def __init__(self, files: Files) -> None:
        super().__init__(files)
        self._under_way: dict[str, str] = {}  # fingerprint → the empty file that says that shards are being written

    def read_shard(self, fingerprint: str, shard: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a committed shard.

        Raises:
            AsdError: its file is gone or no longer what was written.
        """
        path = shard_path(fingerprint, shard)
        try:
            schema = EMBEDDINGS if columns is None else pa.schema([EMBEDDINGS.field(name) for name in columns])
            return filled(from_parquet(self.files.read(path), columns), schema)
        except (FileNotFoundError, pa.ArrowException) as error:
            raise AsdError(
                f"{path} in the store is gone or broken: restore it, or remove it together with "
                f"embeddings/{fingerprint}/index and run the same command again, which embeds its clips anew"
            ) from error

    def begin_shards(self, fingerprints: Iterable[str]) -> None:
        """Say that shards are about to be written; `write_index` takes it back."""
        for fingerprint in sorted(set(fingerprints) - self._under_way.keys()):
            path = f"embeddings/{fingerprint}/unindexed/{secrets.token_hex(8)}"
            self.files.write_new(path, b"")
            self._under_way[fingerprint] = path

    def write_index(self, fingerprint: str, index: pa.Table) -> None:
        """Keep which shard holds each newly embedded clip, so that later runs need not open the shards."""
        self._keep_index(fingerprint, index)
        if (path := self._under_way.pop(fingerprint, None)) is not None:
            self.files.delete(path)

    def embedded(self, fingerprint: str, dates: Collection[str] | None = None, *, keep_index: bool = False) -> pa.Table:
        """Which clips have a stored embedding (or lasting error), and where: INDEX rows, one a clip.

        Shards that a broken run left without an index count too: a shard's file is whole or not there.

        Args:
            fingerprint: of the embeddings.
            dates: rows of these dates are needed; others may be left out. A clip that was embedded under one date and
                is looked for under another is found where either is "undated".
            keep_index: index those shards now, so that they are opened this once only.
        """
        folder = f"embeddings/{fingerprint}"
        marks = [info.path for info in self.files.list(f"{folder}/unindexed")]
        known = _without_copied([info.path for info in self.files.list(f"{folder}/index")])
        may_lack = bool(marks) or not all(map(span_in, known)) or not known
        paths = [path for path in known if may_lack or may_hold(span_in(path), dates)]
        tables, indexed, copies = [INDEX.empty_table()], set[str](), dict[str, bytes]()
        for path, data in zip(paths, read_many(self.files, paths), strict=True):
            table = _index_from(path, data)
            indexed.update(pc.unique(table["shard"]).to_pylist())
            if span_in(path) is None and len(table):
                path = f"{folder}/index/{dated_name(_dates(table), digest_in(path))}"
                copies[path] = data
            if may_hold(span_in(path), dates):
                tables.append(table)
        if may_lack:
            new = self._without_index(fingerprint, indexed)
            tables.append(new)
            if keep_index:
                write_many(self.files, copies)
                self._keep_index(fingerprint, new)
                delete_many(self.files, marks)
                self._under_way.pop(fingerprint, None)  # of a stage of this process that broke
        return first_of_each(pa.concat_tables(tables), "clip_id")

    def _without_index(self, fingerprint: str, indexed: Collection[str]) -> pa.Table:
        tables = [INDEX.empty_table()]
        for info in self.files.list(f"embeddings/{fingerprint}/shards"):
            shard = info.path.rsplit("/", 1)[-1].removesuffix(".parquet")
            if shard not in indexed:
                keys = first_of_each(self.read_shard(fingerprint, shard, INDEX.names[:-1]), "clip_id")
                tables.append(keys.append_column("shard", pa.array([shard] * len(keys), pa.string())).cast(INDEX))
        return pa.concat_tables(tables)

    def _keep_index(self, fingerprint: str, index: pa.Table) -> None:
        by_date = (index.filter(pc.equal(index["date"], date)) for date in _dates(index))
        contents = {}
        for rows in by_date if len(index) > ONE_INDEX_FILE else [index]:
            if len(rows):
                data = to_parquet(rows)
                contents[f"embeddings/{fingerprint}/index/{dated_name(_dates(rows), content_hash(data))}"] = data
        write_many(self.files, contents)


def _without_copied(paths: Sequence[str]) -> list[str]:
    """Index files without those of before, which have no dates in their names, that have a copy with dates."""
    copied = {digest_in(path) for path in paths if span_in(path) is not None}
    return [path for path in paths if span_in(path) is not None or digest_in(path) not in copied]


def _dates(rows: pa.Table) -> list[str]:
    return sorted(pc.unique(rows["date"]).to_pylist())


def _index_from(path: str, data: bytes) -> pa.Table:
    return table_in(path, data, INDEX, "remove the folder it is in, which is made again from the shards")
