"""Files of a store that do not hold what was written: each names itself and how it is mended, whatever is wrong."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from asd_core.errors import AsdError
from asd_core.store.checked_tables import in_schema
from asd_core.store.column_checks import beyond_calendar
from asd_core.store.tables import from_parquet

RESTORE = "restore it or remove it"
"""How a file is mended that nothing makes again."""

_WRONG = (
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, pa.ArrowException),
    *(EOFError, zipfile.BadZipFile, zlib.error, MemoryError),  # of arrays; the last where a huge one is claimed
)


@contextmanager
def named_if_broken(path: str, mend: str = RESTORE) -> Iterator[None]:
    """Name a file whose contents are taken apart in the block, where that fails in any way that bad values can make it.

    Args:
        path: of the file in the store.
        mend: what to do.

    Raises:
        AsdError: the file is broken.
    """
    try:
        yield
    except AsdError:
        raise
    except _WRONG as error:
        raise AsdError(f"{path} in the store is broken: {mend}") from error


def json_object(path: str, data: bytes, mend: str = RESTORE) -> dict[str, Any]:
    """The JSON object in a store's file.

    Raises:
        AsdError: it holds something else.
    """
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        raise AsdError(f"{path} in the store is no valid JSON: {why}; {mend}") from error
    if not isinstance(value, dict):
        raise AsdError(f"{path} in the store is no JSON object; {mend}")
    return value


def table_in(path: str, data: bytes, schema: pa.Schema, mend: str = RESTORE) -> pa.Table:
    """The table of a schema in a store's Parquet file.

    Raises:
        AsdError: it holds something else.
    """
    with named_if_broken(path, mend):
        table = in_schema(from_parquet(data), schema)
        if any(beyond_calendar(column) is not None for column in table.columns):
            raise ValueError("a date outside of the years 1 to 9999")
        return table
