"""Tables whose values are checked against their types: a file may say one thing and hold another."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq


def in_schema(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The columns of a schema, in its types.

    Raises:
        pa.ArrowInvalid: one is missing, cannot be cast, or has nulls where there are none.
    """
    try:
        return table.select(schema.names).cast(schema)
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise pa.ArrowInvalid(str(error)) from error


def table_of(file: pq.ParquetFile, columns: Sequence[str] | None = None) -> pa.Table:
    """The table of an open Parquet file, or some of its columns, as `from_parquet` gives it; raises what Arrow does."""
    names = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
    table = file.read(names)
    table.validate(full=True)
    return table if names is None else table.select(names)
