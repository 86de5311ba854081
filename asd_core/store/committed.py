"""Files that a run record names, with the checksum of their bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.files import Files
from asd_core.store.many_files import read_present
from asd_core.store.tables import from_parquet


def committed_tables(
    files: Files, record: Mapping[str, Any], checksums: Mapping[str, str], columns: Sequence[str] | None = None
) -> Iterator[pa.Table]:
    """The tables of a run, in order.

    Args:
        files: of the store.
        record: of the run, for what is said.
        checksums: path → hash of the file's bytes, as the record has them.
        columns: only these.

    Raises:
        AsdError: a file is missing or its bytes are not those that were committed.
    """
    for (path, checksum), data in zip(checksums.items(), read_present(files, checksums), strict=True):
        if data is None:
            raise AsdError(f"run {record['run_id']} names {path}, which is gone from the store; restore it")
        if content_hash(data) != checksum:
            raise AsdError(f"run {record['run_id']} names {path}, whose bytes have changed since; restore it")
        yield from_parquet(data, columns)
