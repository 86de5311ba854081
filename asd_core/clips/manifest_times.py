"""Columns of dates and times: text, dates or timestamps."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import UNDATED
from asd_core.clips.dates import parse_date
from asd_core.clips.stamps import parse_moment
from asd_core.errors import UsageError

INSTANT, WRITTEN = pa.timestamp("us", tz="UTC"), pa.timestamp("us")
_ONE_DIGIT = re.compile(r"(\d[T ])(\d:)", re.ASCII)  # Excel writes the hour so
_HAS_TIME = re.compile(r"\d[T ]\d{1,2}:?\d{2}", re.ASCII)


def text_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column as text, "" for nothing."""
    return pc.fill_null(column.cast(pa.string()), "")


def days(url: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The dates of a column ``date``, as ``2026-11-19``; "" where none is told.

    Raises:
        UsageError: a text that is no date, with its row.
    """
    if pa.types.is_timestamp(column.type):
        return pc.fill_null(pc.strftime(_as_written(column), "%Y-%m-%d"), "")
    return translate(
        text_column(column), lambda text: "" if text == UNDATED else parse_date(text), url, "date", "2026-11-19"
    )


def moments(url: str, column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """The instants of a column ``recorded_at``, and the same as they are written, on the clock of their zone.

    Raises:
        UsageError: a text that is no time, with its row.
    """
    if pa.types.is_date(column.type):
        column = column.cast(WRITTEN)
    if pa.types.is_timestamp(column.type):
        return column.cast(INSTANT, safe=False), _as_written(column)
    texts = text_column(column)
    instants = translate(texts, _moment, url, "recorded_at", "2026-11-19T03:15:00", INSTANT)
    return instants, translate(texts, _without_zone, url, "recorded_at", "2026-11-19T03:15:00", WRITTEN)


def moments_of_dates(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """The moments of a column ``date`` that tells times too, like `moments`; null where it tells none.

    A column whose times are all midnight is one of dates: spreadsheets and pandas write it so.
    """
    nothing = tuple(pa.chunked_array([pa.nulls(len(column), kind)]) for kind in (INSTANT, WRITTEN))
    if pa.types.is_timestamp(column.type):
        instants, written = column.cast(INSTANT, safe=False), _as_written(column)
    elif pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        timed = pc.if_else(pc.match_substring_regex(text_column(column), _HAS_TIME.pattern), text_column(column), "")
        instants = translate(timed, lambda text: _moment(text) or "", "", "date", "", INSTANT)
        written = translate(timed, lambda text: _without_zone(text) or "", "", "date", "", WRITTEN)
    else:
        return nothing[0], nothing[1]
    is_midnight = pc.equal(written, pc.floor_temporal(written, unit="day"))
    return (nothing[0], nothing[1]) if pc.all(is_midnight).as_py() is not False else (instants, written)


def translate(
    column: pa.ChunkedArray,
    meaning: Callable[[str], Any],
    url: str,
    name: str,
    expected: str,
    kind: pa.DataType | None = None,
) -> pa.ChunkedArray:
    """Translate each distinct text of a column once; "" stays empty.

    Args:
        column: texts.
        meaning: text → value; None refuses it, "" leaves it empty.
        url: of the manifest, for the message.
        name: of the column.
        expected: words or an example of what is known.
        kind: of the values; text by default.

    Raises:
        UsageError: a text is refused, with its row.
    """
    encoded = column.combine_chunks().dictionary_encode()
    words = encoded.dictionary.to_pylist()
    translated = [meaning(word) if word else "" for word in words]
    for word, value in zip(words, translated, strict=True):
        if value is None:
            row = pc.index(column, word).as_py() + 1
            raise UsageError(f"row {row} of {url}: {name} {word!r} is not known: write {expected}")
    kind = kind or pa.string()
    empty = "" if pa.types.is_string(kind) else None
    values = pa.array([empty if value == "" else value for value in translated], kind)
    return pa.chunked_array([values.take(encoded.indices)])


def _as_written(column: pa.ChunkedArray) -> pa.ChunkedArray:
    local = pc.local_timestamp(column) if column.type.tz else column
    return local.cast(WRITTEN, safe=False)


def _moment(text: str) -> datetime | None:
    return parse_moment(_ONE_DIGIT.sub(r"\g<1>0\g<2>", text))


def _without_zone(text: str) -> datetime | None:
    moment = _moment(text)
    return moment and moment.replace(tzinfo=None)
