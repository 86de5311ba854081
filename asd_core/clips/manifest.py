"""A table that lists an archive's recordings, as CSV or Parquet.

Columns: ``path`` (relative to the manifest's folder, or absolute) or ``uri`` (file://… or s3://…, percent-encoded);
``machine_type``; and as far as known ``machine_id`` ("00" without the column), ``split``, ``domain``, ``attributes``,
``condition`` (or ``label``: see `asd_core.clips.conditions`), ``date`` and ``recorded_at``. Further columns
are kept in ``extra``, and so is ``path`` as it is written, so that scores can be joined to the manifest.

A row whose file is missing stays a row: it becomes an error ``vanished`` when it is read.
"""

from __future__ import annotations

import io
import json
import os
import posixpath
import urllib.parse
from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from asd_core.clips.clip import DOMAINS, SPLITS, UNDATED, UNPLACED, clip_ids, sort_clips
from asd_core.clips.conditions import EXPECTED, condition_of
from asd_core.clips.dates import parse_date
from asd_core.clips.stamps import parse_moment
from asd_core.errors import UsageError, did_you_mean
from asd_core.store.addresses import canonical_uri, look_at, open_files
from asd_core.store.files import MISSING, FileInfo, Files


def is_manifest(url: str) -> bool:
    """True where an archive's address names a manifest rather than a folder."""
    return url.lower().endswith((".parquet", ".csv"))


def read_manifest(url: str, night_ends: time | None = None) -> tuple[pa.Table, int, list[str]]:
    """Read a manifest: its clips, the number of rows that repeat a file, and the addresses without a known machine.

    The first of several rows for one file counts.

    Raises:
        UsageError: there is no such manifest, it cannot be read, lacks a column, or holds an unknown value, with its
            row.
    """
    folder, name = _folder_and_name(url)
    table = _load(url, folder, name)
    rows: dict[str, int] = {}
    for row, uri in enumerate(_uris(url, table, open_files(folder))):
        rows.setdefault(uri, row)
    columns = pa.table(_columns(url, table, night_ends)).take(list(rows.values()))
    uris = list(rows)
    looks = [info or FileInfo(uri, 0, MISSING) for uri, info in zip(uris, look_at(uris), strict=True)]
    sizes, versions = [info.size for info in looks], [info.version for info in looks]
    clips = sort_clips(
        dict(zip(columns.column_names, columns.columns, strict=True))
        | {"uri": uris, "size": sizes, "clip_id": clip_ids(uris, sizes, versions)}
    )
    is_unplaced = pc.or_(pc.equal(clips["machine_type"], UNPLACED), pc.equal(clips["machine_id"], UNPLACED))
    return clips, len(table) - len(uris), clips["uri"].filter(is_unplaced).to_pylist()


def _folder_and_name(url: str) -> tuple[str, str]:
    folder, _, name = url.rpartition("/")
    if "://" in url:
        return folder, urllib.parse.unquote(name)
    return folder or ("/" if url.startswith("/") else "."), name


def _load(url: str, folder: str, name: str) -> pa.Table:
    try:
        data = open_files(folder).read(name)
    except OSError as error:
        raise UsageError(f"cannot read the manifest {url}: {error.strerror or error}") from error
    try:
        table = pq.read_table(io.BytesIO(data)) if name.lower().endswith(".parquet") else _read_csv(data)
    except pa.ArrowException as error:
        raise UsageError(f"cannot read the manifest {url}: {str(error).splitlines()[0]}") from error
    names = table.column_names
    if repeated := sorted({column for column in names if names.count(column) > 1}):
        raise UsageError(f"the manifest {url} has the column {repeated[0]!r} twice")
    if not {"uri", "path"} & set(names):
        raise UsageError(
            f"the manifest {url} has neither a column 'path' nor 'uri', only {', '.join(map(repr, names))}"
        )
    if "machine_type" not in names:
        near = did_you_mean("machine_type", names)
        raise UsageError(f"the manifest {url} has no column 'machine_type'{near}")
    if not len(table):
        raise UsageError(f"the manifest {url} lists no recording")
    return table


def _read_csv(data: bytes) -> pa.Table:
    # Every column as text: machine id "07" must not become 7.
    parsing = pyarrow.csv.ParseOptions(newlines_in_values=True)
    names = pyarrow.csv.open_csv(io.BytesIO(data), parse_options=parsing).schema.names
    as_text = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    return pyarrow.csv.read_csv(io.BytesIO(data), parse_options=parsing, convert_options=as_text)


def _uris(url: str, table: pa.Table, folder: Files) -> list[str]:
    name = "uri" if "uri" in table.column_names else "path"
    return [_uri(url, folder, text, row) for row, text in enumerate(_text(table[name]).to_pylist(), 1)]


def _uri(url: str, folder: Files, text: str, row: int) -> str:
    if not text:
        raise UsageError(f"row {row} of {url} names no file")
    if "://" in text:
        try:
            return canonical_uri(text)
        except UsageError as error:
            raise UsageError(f"row {row} of {url}: {error}") from error
    if text.startswith("/") and folder.url.startswith("file://"):
        return canonical_uri("file://" + urllib.parse.quote_from_bytes(os.fsencode(text)))
    scheme, _, path = folder.uri(text).partition("://")
    if {".", ".."} & set(text.split("/")):
        path = posixpath.normpath(path)
    return canonical_uri(f"{scheme}://{path}")


def _columns(url: str, table: pa.Table, night_ends: time | None) -> dict[str, Any]:
    """The columns of CLIPS in a manifest, checked."""

    def given(name: str, absent: str = "") -> pa.ChunkedArray:
        names = table.column_names
        return _text(table[name]) if name in names else pa.chunked_array([pa.repeat(absent, len(table))])

    def known(name: str, words: dict[str, str]) -> pa.ChunkedArray:
        return _translate(given(name), lambda text: words.get(text.lower()), url, name, f"one of {sorted(words)}")

    recorded_at, written = _recorded_at(url, table)
    condition = "condition" if "condition" in table.column_names else "label"
    day = _translate(given("date"), lambda text: "" if text == UNDATED else parse_date(text), url, "date", "2026-11-19")
    own_day = pc.strftime(written, "%Y-%m-%d")
    date = pc.if_else(pc.equal(day, ""), pc.coalesce(own_day, UNDATED), day)
    if night_ends is not None:
        before = timedelta(hours=night_ends.hour, minutes=night_ends.minute)
        night = pc.strftime(pc.subtract(written, pa.scalar(before, pa.duration("us"))), "%Y-%m-%d")
        date = pc.if_else(pc.coalesce(pc.equal(date, own_day), False), night, date)
    return {
        "machine_type": _filled(given("machine_type"), UNPLACED),
        "machine_id": _filled(given("machine_id", "00"), UNPLACED),
        "split": known("split", {word: word for word in SPLITS}),
        "domain": known("domain", {word: word for word in DOMAINS}),
        "attributes": given("attributes"),
        "condition": _translate(given(condition), condition_of, url, condition, EXPECTED),
        "date": date,
        "recorded_at": recorded_at,
        "extra": _extra(url, table, _filled(given("extra"), "{}"), condition),
    }


def _recorded_at(url: str, table: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """The instants of the recordings, and the same as they are written, on the clock of their zone."""
    kind, written = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
    if "recorded_at" not in table.column_names:
        return pa.chunked_array([pa.nulls(len(table), kind)]), pa.chunked_array([pa.nulls(len(table), written)])
    column = table["recorded_at"]
    if pa.types.is_timestamp(column.type):
        local = pc.local_timestamp(column) if column.type.tz else column
        return column.cast(kind, safe=False), local.cast(written, safe=False)
    texts = _text(column)
    instants = _translate(texts, parse_moment, url, "recorded_at", "2026-11-19T03:15:00", kind)
    return instants, _translate(texts, _as_written, url, "recorded_at", "2026-11-19T03:15:00", written)


def _as_written(text: str) -> datetime | None:
    moment = parse_moment(text)
    return moment and moment.replace(tzinfo=None)


def _extra(url: str, table: pa.Table, own: pa.ChunkedArray, condition: str) -> pa.ChunkedArray:
    """Further columns as one JSON object a row, on top of an ``extra`` column of a clips table."""
    used = {"machine_type", "machine_id", "split", "domain", "attributes", "date", "recorded_at", condition}
    used |= {"uri", "clip_id", "size", "extra"}  # a path as it is written stays: scores are joined to it
    further = table.select([name for name in table.column_names if name not in used])
    inner = _translate(own, _json_object, url, "extra", 'a JSON object such as {"line": 3}')
    if not further.num_columns:
        return inner
    encode = json.JSONEncoder(ensure_ascii=False, default=str).encode
    if further.column_names == ["path"] and "extra" not in table.column_names:  # most manifests: no object a row
        merged = [f'{{"path": {encode(path)}}}' for path in further["path"].to_pylist()]
    else:
        rows = zip(inner.to_pylist(), further.to_pylist(), strict=True)
        merged = [encode(json.loads(old) | new if old != "{}" else new) for old, new in rows]
    return pa.chunked_array([pa.array(merged, pa.string())])


def _json_object(text: str) -> str | None:
    try:
        return text if isinstance(json.loads(text), dict) else None
    except ValueError:
        return None


def _text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(column.cast(pa.string()), "")


def _filled(column: pa.ChunkedArray, word: str) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(column, ""), word, column)


def _translate(
    column: pa.ChunkedArray,
    translate: Callable[[str], Any],
    url: str,
    name: str,
    expected: str,
    kind: pa.DataType | None = None,
) -> pa.ChunkedArray:
    """Translate each distinct text of a column once; None refuses it, "" stays empty."""
    encoded = column.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    translated = [translate(word) if word else "" for word in words]
    for word, value in zip(words, translated, strict=True):
        if value is None:
            row = pc.index(column, word).as_py() + 1
            raise UsageError(f"row {row} of {url}: {name} {word!r} is not known: write {expected}")
    kind = kind or pa.string()
    empty = "" if pa.types.is_string(kind) else None
    values = pa.array([empty if value == "" else value for value in translated], kind)
    return pa.chunked_array([values.take(encoded.indices)])
