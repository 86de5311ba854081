"""Tables that others wrote: Parquet of any size, and columns of any kind."""

from __future__ import annotations

import io
from collections.abc import Collection
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from asd_core.errors import UsageError

_TEXT_A_BYTE, _TEXT_ALWAYS = 1000, 256 << 20  # bytes of text of all rows
_ROWS_A_BYTE, _ROWS_ALWAYS = 16, 1 << 20  # a table of recordings has a name a row: more rows are a bomb
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31, days since 1970
_SECONDS = 86_400
_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def read_parquet(source: bytes | Path) -> pa.Table:
    """The table in a Parquet file.

    Raises:
        UsageError: it tells of more rows, or of more text, than a file of its size can hold.
        pyarrow.ArrowException, OSError, ValueError: it cannot be read.
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    names = pq.read_schema(io.BytesIO(source) if isinstance(source, bytes) else source)
    texts = [field.name for field in names if pa.types.is_string(field.type)]
    # As a dictionary a text of a megabyte that stands in a million rows is read once.
    file = pq.ParquetFile(io.BytesIO(source) if isinstance(source, bytes) else source, read_dictionary=texts)
    rows = file.metadata.num_rows
    if rows > max(_ROWS_ALWAYS, _ROWS_A_BYTE * size):
        raise UsageError(f"cannot read a table that tells of {rows} rows in {size} bytes: it is broken, or a trap")
    table = file.read()
    for place, values in enumerate(table.columns):
        if not pa.types.is_dictionary(values.type) or not pa.types.is_string(values.type.value_type):
            continue
        if (told := _characters(values)) > max(_TEXT_ALWAYS, _TEXT_A_BYTE * size):
            raise UsageError(f"cannot read a table of {told} bytes of text in {size} bytes: it is a trap")
        if table.column_names[place] in texts:
            table = table.set_column(place, table.column_names[place], values.cast(pa.string()))
    return table


def _characters(values: pa.ChunkedArray) -> int:
    """Bytes of all texts of a column, each as often as it stands there."""
    lengths = (pc.binary_length(chunk.dictionary).cast(pa.int64()).take(chunk.indices) for chunk in values.chunks)
    return sum(pc.sum(length).as_py() or 0 for length in lengths)


def check_columns(table: pa.Table, name: str, texts: Collection[str]) -> None:
    """Refuse columns that no reader of recordings could use.

    Args:
        table: as it was read.
        name: of the file, for the message.
        texts: names of columns that are read as text, numbers or times.

    Raises:
        UsageError: one of these holds lists, structs or bytes; any column holds text that is no UTF-8, a date outside
            of the years 1 to 9999, or times of a zone that is not known.
    """
    for column, values in zip(table.column_names, table.columns, strict=True):
        kind = values.type
        try:
            values.validate(full=True)
            if pa.types.is_timestamp(kind) and kind.tz:
                pc.local_timestamp(values.slice(0, 1))
        except (pa.ArrowException, ValueError) as error:
            raise UsageError(f"{name}: the column {column!r} cannot be read: {str(error).splitlines()[0]}") from error
        if column in (*texts, "path", "label") and not _is_plain(kind):
            raise UsageError(f"{name}: the column {column!r} holds {kind}: write text, numbers or dates")
        if (row := beyond_calendar(values)) is not None:
            raise UsageError(f"{name}: row {row + 1} of the column {column!r} is outside of the years 1 to 9999")


def _is_plain(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        return _is_plain(kind.value_type)
    return not (pa.types.is_nested(kind) or _is_bytes(kind) or isinstance(kind, pa.BaseExtensionType))


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind))


def beyond_calendar(column: pa.ChunkedArray) -> int | None:
    """The first row with a date or a time that Python's calendar does not have, a day from its ends included."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        day, numbers = _SECONDS * _A_SECOND[kind.unit], column.cast(pa.int64())
    elif pa.types.is_date32(kind):
        day, numbers = 1, column.cast(pa.int32()).cast(pa.int64())
    elif pa.types.is_date64(kind):
        day, numbers = _SECONDS * _A_SECOND["ms"], column.cast(pa.int64())
    else:
        return None
    first, last = max((_FIRST_DAY + 1) * day, -(1 << 63)), min(_LAST_DAY * day, (1 << 63) - 1)
    is_beyond = pc.or_(
        pc.less(numbers, pa.scalar(first, pa.int64())), pc.greater_equal(numbers, pa.scalar(last, pa.int64()))
    )
    row = pc.index(pc.fill_null(is_beyond, False), True).as_py()
    return None if row < 0 else int(row)
