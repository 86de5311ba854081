"""The store: where every stage's tables lie, and which of them are committed.

    runs/<run id>.json                                   what was asked and what came out; written last
    clips/<run id>.parquet                               the run's manifest
    embeddings/<fingerprint>/shards/<shard>.parquet      keys, and embedding or error
    embeddings/<fingerprint>/index/<index>.parquet       clip → shard, for shards of finished embedding stages
    scorers/<KEY>/<machine_type>/<machine_id>/<version>/ scorer.json (written last) and its arrays
    scores/<KEY>/date=<date>/<run id>-<part>.parquet     keys, and score or error; the part ends in its own hash
    captions/<KEY>/<hash>.parquet                        clip, method, difference caption and what it was made from
    clip_captions/<decoder and embeddings>/<hash>.parquet  what the caption decoder said of single clips
    measures/<channel>/<hash>.parquet                    acoustic measurements of single clips
    tuning/results/ tuning/<run id>/                     see asd_core/tuning/stored_results.py
    intents/ answers/                                    what was asked of a language model and not yet published
    reports/<KEY>/date=<date>/index.html
    encoders.json                                        names of imported embeddings

Readers of scores open only files that a run record names, never whatever lies in the folder.
"""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.addresses import open_files
from asd_core.store.files import Files
from asd_core.store.tables import CAPTIONS, CLIPS, SCORES, from_parquet, to_parquet

INDEX = pa.schema([*CLIPS, pa.field("error_reason", pa.string()), pa.field("shard", pa.string(), nullable=False)])
"""One row per clip whose embedding (or lasting error) is stored: its keys, and the shard that holds it."""


class Store:
    """A store in a folder."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def run(self, run_id: str) -> dict[str, Any] | None:
        """The record of a committed run, or None."""
        path = f"runs/{run_id}.json"
        return self._json(path) if self.files.exists(path) else None

    def runs(self, job: str | None = None, key: str | None = None) -> list[dict[str, Any]]:
        """Records of the committed runs, of one job and recipe key where given, oldest first."""
        records = [self._json(info.path) for info in self.files.list("runs") if info.path.endswith(".json")]
        chosen = [
            record
            for record in records
            if (job is None or record.get("job") == job) and (key is None or record.get("key") == key)
        ]
        return sorted(chosen, key=lambda record: (str(record.get("committed_at", "")), str(record.get("run_id", ""))))

    def commit_run(self, record: Mapping[str, Any]) -> bool:
        """Publish a run: from here on readers see it. False where that run had been published already."""
        text = json.dumps(record, indent=1, sort_keys=True)
        return self.files.write_new(f"runs/{record['run_id']}.json", text.encode())

    def write_clips(self, run_id: str, clips: pa.Table) -> str:
        """Keep a run's manifest; returns its path."""
        path = f"clips/{run_id}.parquet"
        self.files.write_new(path, to_parquet(clips))
        return path

    def shard_path(self, fingerprint: str, shard: str) -> str:
        """Where a shard of embeddings lies."""
        return f"embeddings/{fingerprint}/shards/{shard}.parquet"

    def read_shard(self, fingerprint: str, shard: str, columns: Sequence[str] | None = None) -> pa.Table:
        """The rows of a committed shard.

        Raises:
            AsdError: its file is gone or no longer what was written.
        """
        path = self.shard_path(fingerprint, shard)
        try:
            return from_parquet(self.files.read(path), columns)
        except (FileNotFoundError, pa.ArrowException) as error:
            raise AsdError(
                f"{path} in the store is gone or broken: restore it, or remove it together with "
                f"embeddings/{fingerprint}/index and run the same command again, which embeds its clips anew"
            ) from error

    def embedded(self, fingerprint: str, *, keep_index: bool = False) -> pa.Table:
        """Which clips have a stored embedding (or lasting error), and where: INDEX rows, one a clip.

        Shards that a broken run left without an index count too: a shard's file is whole or not there.

        Args:
            fingerprint: of the embeddings.
            keep_index: index those shards now, so that they are opened this once only.
        """
        folder = f"embeddings/{fingerprint}"
        tables = [self._read_index(info.path) for info in self.files.list(f"{folder}/index")]
        indexed = {shard for table in tables for shard in pc.unique(table["shard"]).to_pylist()}
        found = [INDEX.empty_table()]
        for info in self.files.list(f"{folder}/shards"):
            shard = info.path.rsplit("/", 1)[-1].removesuffix(".parquet")
            if shard not in indexed:
                keys = self.read_shard(fingerprint, shard, INDEX.names[:-1])
                found.append(keys.append_column("shard", pa.array([shard] * len(keys), pa.string())).cast(INDEX))
        if keep_index:
            self.write_index(fingerprint, pa.concat_tables(found))
        return _first_of_each(pa.concat_tables([*tables, *found]), "clip_id")

    def write_index(self, fingerprint: str, index: pa.Table) -> None:
        """Keep which shard holds each newly embedded clip, so that later runs need not open the shards."""
        if len(index):
            data = to_parquet(index)
            self.files.write_new(f"embeddings/{fingerprint}/index/{content_hash(data)}.parquet", data)

    def imported_names(self) -> dict[str, Any]:
        """Name → description of embeddings that were imported."""
        return self._json("encoders.json") if self.files.exists("encoders.json") else {}

    def write_imported_names(self, names: Mapping[str, Any]) -> None:
        """Replace the descriptions of imported embeddings."""
        self.files.write("encoders.json", json.dumps(names, indent=1, sort_keys=True).encode())

    def scores_path(self, key: str, date: str, run_id: str, part: int, digest: str = "") -> str:
        """Where a part of a run's scores lies.

        Args:
            key: of the recipe.
            date: of the recordings.
            run_id: whose.
            part: its number.
            digest: of its bytes: runs at once that cut their parts otherwise never write over one another's.
        """
        return f"scores/{key}/date={safe_name(date)}/{run_id}-{part:05d}{digest and f'-{digest}'}.parquet"

    def read_scores(
        self, record: Mapping[str, Any], columns: Sequence[str] | None = None, dates: Collection[str] | None = None
    ) -> pa.Table:
        """The score rows of a committed run, of some dates where given, in the order of its files.

        Raises:
            AsdError: a file is missing or its bytes are not those that were committed.
        """
        folders = None if dates is None else {f"date={safe_name(date)}" for date in dates}
        tables = []
        for path, checksum in record["score_files"].items():
            if folders is not None and path.split("/")[-2] not in folders:
                continue
            tables.append(self._committed(record, path, checksum, columns))
        names = SCORES.names if columns is None else list(columns)
        schema = pa.schema([SCORES.field(name) for name in names])
        return pa.concat_tables([schema.empty_table(), *(table.select(names).cast(schema) for table in tables)])

    def scores(
        self, key: str, dates: str | Collection[str] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Committed scores of a recipe key, of some dates where given; of a clip scored often, the last committed."""
        wanted_dates = {dates} if isinstance(dates, str) else dates
        newest_first = list(reversed([record for record in self.runs(key=key) if record.get("score_files")]))
        wanted = None if columns is None else list(dict.fromkeys([*columns, "uri", "date"]))
        tables = [self.read_scores(record, wanted, wanted_dates) for record in newest_first]
        if not tables:
            schema = SCORES if wanted is None else pa.schema([SCORES.field(name) for name in wanted])
            return schema.empty_table()
        return _first_of_each(pa.concat_tables(tables), "uri")

    def captions(self, key: str, dates: Collection[str] | None = None) -> pa.Table:
        """Committed captions of a recipe key, of some dates where given: rows of CAPTIONS.

        Of a clip, scorer, method and language model asked often: the last caption, or where there is none the last
        error.
        """
        tables = []
        for record in reversed(self.runs("caption", key)):
            if dates is not None and not set(record["dates"]) & set(dates):
                continue
            for path, checksum in record["caption_files"].items():
                table = self._committed(record, path, checksum).cast(CAPTIONS)
                if dates is not None:
                    table = table.filter(pc.is_in(table["date"], value_set=pa.array(sorted(dates), pa.string())))
                tables.append(table)
        rows = pa.concat_tables([CAPTIONS.empty_table(), *tables])
        good = pc.is_null(rows["error_reason"])
        rows = pa.concat_tables([rows.filter(good), rows.filter(pc.invert(good))])
        scorer = pc.fill_null(rows["scorer_version"], "")
        asked = pc.binary_join_element_wise(rows["clip_id"], scorer, rows["method"], rows["llm"], "\n")
        return _first_of_each(rows.append_column("asked", asked), "asked").drop_columns("asked")

    def answers(self, llm: str, method: str, dates: Collection[str]) -> pa.Table:
        """Committed answers of a language model, under any recipe key: rows of CAPTIONS of a method, from runs of
        some dates.

        Oldest first. What is gone from the store is left out: there is nothing to take from it.
        """
        tables = [CAPTIONS.empty_table()]
        for record in self.runs("caption"):
            if (record["llm"], record["method"]) != (llm, method) or not set(record["dates"]) & set(dates):
                continue
            for path, checksum in record["caption_files"].items():
                if self.files.exists(path):
                    tables.append(self._committed(record, path, checksum).cast(CAPTIONS))
        rows = pa.concat_tables(tables)
        return rows.filter(pc.is_valid(rows["difference_caption"]))

    def write_captions(self, key: str, rows: pa.Table) -> tuple[str, str]:
        """Write rows of CAPTIONS for a run record to name; returns their path and checksum."""
        data = to_parquet(rows)
        checksum = content_hash(data)
        path = f"captions/{key}/{checksum}.parquet"
        self.files.write_new(path, data)
        return path, checksum

    def kept(self, folder: str, schema: pa.Schema) -> pa.Table:
        """What was worked out of single clips and kept: one row a clip id."""
        tables = [from_parquet(self.files.read(info.path)).cast(schema) for info in self.files.list(folder)]
        return _first_of_each(pa.concat_tables([schema.empty_table(), *tables]), "clip_id")

    def keep(self, folder: str, rows: pa.Table) -> None:
        """Keep rows for `kept`."""
        if len(rows):
            data = to_parquet(rows)
            self.files.write_new(f"{folder}/{content_hash(data)}.parquet", data)

    def _committed(
        self, record: Mapping[str, Any], path: str, checksum: str, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """A file that a run record names."""
        try:
            data = self.files.read(path)
        except FileNotFoundError as error:
            raise AsdError(f"run {record['run_id']} names {path}, which is gone from the store; restore it") from error
        if content_hash(data) != checksum:
            raise AsdError(f"run {record['run_id']} names {path}, whose bytes have changed since; restore it")
        return from_parquet(data, columns)

    def _read_index(self, path: str) -> pa.Table:
        try:
            return from_parquet(self.files.read(path)).select(INDEX.names).cast(INDEX)
        except pa.ArrowException as error:
            raise AsdError(f"{path} in the store is broken: remove it, and it is made again from the shards") from error

    def _json(self, path: str) -> dict[str, Any]:
        try:
            value = json.loads(self.files.read(path))
        except ValueError as error:
            raise AsdError(f"{path} in the store is no valid JSON: {error}; restore it or remove it") from error
        if not isinstance(value, dict):
            raise AsdError(f"{path} in the store is no JSON object; restore it or remove it")
        return value


def open_store(url: str) -> Store:
    """Open the store at a folder or address; it is made when something is first written."""
    return Store(open_files(url))


def safe_name(text: str) -> str:
    """Percent-encode a user's word so that it is one file name anywhere: no separator, no leading dot.

    What would be longer than 200 bytes is cut, and ends in ``+`` and a hash of the word; no word is quoted to a ``+``.
    """
    quoted = urllib.parse.quote(text, safe=" ")
    if not quoted:
        return "%"  # which no word is quoted to
    if len(quoted) > 200:  # file systems take 255 bytes, and "date=" may stand before it
        quoted = f"{re.sub('%.?$', '', quoted[:160])}+{content_hash(text.encode())}"
    return quoted.replace(".", "%2E", 1) if quoted.startswith(".") else quoted


def _first_of_each(table: pa.Table, column: str) -> pa.Table:
    """The first row of each value of a column, in the order in which they stand."""
    encoded = table[column].combine_chunks().dictionary_encode() if len(table) else None
    if encoded is None or len(encoded.dictionary) == len(table):
        return table
    position = pa.array(range(len(table)), pa.int64())
    firsts = (
        pa.table({"value": encoded.indices, "position": position}).group_by("value").aggregate([("position", "min")])
    )
    return table.take(firsts["position_min"].combine_chunks().sort())
