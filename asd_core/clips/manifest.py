"""A table that lists an archive's recordings, as CSV or Parquet.

Columns: ``path`` (relative to the manifest's folder, or absolute) or ``uri`` (file://… or s3://…, percent-encoded);
``machine_type``; and as far as known ``machine_id`` ("00" without the column), ``split``, ``domain``, ``attributes``,
``condition`` (or ``label``: see `asd_core.clips.conditions`), ``date`` and ``recorded_at``. Further columns
are kept in ``extra``, and so is ``path`` as it is written, so that scores can be joined to the manifest.

A row whose file is missing stays a row: it becomes an error ``vanished`` when it is read.
"""

from __future__ import annotations

import json
import urllib.parse
from datetime import time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import DOMAINS, SPLITS, UNDATED, UNPLACED, clip_ids, sort_clips
from asd_core.clips.conditions import EXPECTED, condition_of
from asd_core.clips.manifest_paths import uris_of
from asd_core.clips.manifest_table import has_values, read_table
from asd_core.clips.manifest_times import INSTANT, WRITTEN, days, moments, moments_of_dates, text_column, translate
from asd_core.errors import UsageError
from asd_core.store.addresses import look_at, open_files
from asd_core.store.files import MISSING, FileInfo, Files
from asd_core.text_files import check_values


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
    addresses = _uris(url, table, open_files(folder))
    for row, uri in enumerate(addresses):
        if uri:
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
    repeated = sum(map(bool, addresses)) - len(uris)
    return clips, repeated, clips["uri"].filter(is_unplaced).to_pylist()


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
    return read_table(url, data)


def _uris(url: str, table: pa.Table, folder: Files) -> list[str]:
    """The address of each row; "" for a row without any value."""
    name = "uri" if "uri" in table.column_names else "path"
    uris = uris_of(url, folder, text_column(table[name]).to_pylist())
    for row, (uri, is_filled) in enumerate(zip(uris, has_values(table), strict=True), 1):
        if is_filled and not uri:
            raise UsageError(f"row {row} of {url} names no file")
    return uris


def _columns(url: str, table: pa.Table, night_ends: time | None) -> dict[str, Any]:
    """The columns of CLIPS in a manifest, checked."""

    def given(name: str, absent: str = "") -> pa.ChunkedArray:
        names = table.column_names
        return text_column(table[name]) if name in names else pa.chunked_array([pa.repeat(absent, len(table))])

    def known(name: str, words: dict[str, str]) -> pa.ChunkedArray:
        return translate(
            given(name), lambda text: words.get(text.strip().lower()), url, name, f"one of {sorted(words)}"
        )

    recorded_at, written = _recorded_at(url, table)
    condition = "condition" if "condition" in table.column_names else "label"
    day = days(url, table["date"]) if "date" in table.column_names else given("date")
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
        "condition": translate(given(condition), condition_of, url, condition, EXPECTED),
        "date": date,
        "recorded_at": recorded_at,
        "extra": _extra(url, table, _filled(given("extra"), "{}"), condition),
    }


def _recorded_at(url: str, table: pa.Table) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """The instants of the recordings, and the same as they are written, on the clock of their zone."""
    names = table.column_names
    found = tuple(pa.chunked_array([pa.nulls(len(table), kind)]) for kind in (INSTANT, WRITTEN))
    if "recorded_at" in names:
        found = moments(url, table["recorded_at"])
    if "date" in names:
        found = tuple(map(pc.coalesce, found, moments_of_dates(table["date"])))
    return found[0], found[1]


def _extra(url: str, table: pa.Table, own: pa.ChunkedArray, condition: str) -> pa.ChunkedArray:
    """Further columns as one JSON object a row, on top of an ``extra`` column of a clips table."""
    used = {"machine_type", "machine_id", "split", "domain", "attributes", "date", "recorded_at", condition}
    used |= {"uri", "clip_id", "size", "extra"}  # a path as it is written stays: scores are joined to it
    further = table.select([name for name in table.column_names if name not in used])
    inner = translate(own, _json_object, url, "extra", 'a JSON object such as {"line": 3}')
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
        value = json.loads(text)
        check_values(value)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()  # fails for half a character of UTF-16
    except (ValueError, RecursionError):
        return None
    return text if isinstance(value, dict) else None


def _filled(column: pa.ChunkedArray, word: str) -> pa.ChunkedArray:
    return pc.if_else(pc.equal(column, ""), word, column)
