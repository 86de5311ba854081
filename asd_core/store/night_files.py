"""The file of a night: the current row of every clip, for readers from outside.

`pandas.read_parquet`, DuckDB and `pyarrow.dataset` open ``scores/<KEY>`` and find each clip once. The file says which
runs it is made of, so that a reader can tell whether another run has committed since.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq

from asd_core.digest import content_hash
from asd_core.store.addresses import path_as_listed
from asd_core.store.checked_tables import table_of
from asd_core.store.run_records import RunEntry
from asd_core.store.tables import NIGHT, filled

ReadGroup = Callable[[Sequence[str]], pa.Table]
"""Reads columns of NIGHT of some rows that follow one another."""

BROKEN = (pa.ArrowException, OSError, ValueError)
"""Raised where a file of a night is broken."""

_MADE_OF = b"asd.made_of"
_ROWS_AT_ONCE = 1 << 16  # that are held while a file is written, and in each of its row groups: some 60 MB


def night_bytes(parts: Iterable[pa.Table], runs: Sequence[RunEntry]) -> bytes:
    """The file of a night.

    Args:
        parts: rows of SCORES of one date, of the run that committed last first; of a clip's rows the first is kept.
        runs: those that the parts are of.
    """
    sink, seen = io.BytesIO(), set[str]()
    schema = NIGHT.with_metadata({_MADE_OF: _digest(runs)})
    with pq.ParquetWriter(sink, schema, compression="zstd", write_page_checksum=True) as writer:
        held = schema.empty_table()
        for part in parts:
            held = pa.concat_tables([held, with_paths(_unseen(part, seen)).cast(schema)])
            if len(held) >= _ROWS_AT_ONCE:
                writer.write_table(held)
                held = schema.empty_table()
        writer.write_table(held)
    return sink.getvalue()


def night_rows(data: bytes | None, runs: Sequence[RunEntry], columns: Sequence[str]) -> pa.Table | None:
    """Columns of SCORES from the file of a night; None where it is gone, broken or made of other runs."""
    file = _opened(data, runs)
    try:
        return None if file is None else filled(table_of(file, columns), _schema(columns))
    except BROKEN:
        return None


def night_groups(data: bytes | None, runs: Sequence[RunEntry]) -> list[ReadGroup] | None:
    """The file of a night in pieces of some 65,536 rows, each read when it is asked for; None as in `night_rows`.

    A piece raises one of `BROKEN` where the file is broken there.
    """
    file = _opened(data, runs)
    return None if file is None else [partial(_group, file, number) for number in range(file.num_row_groups)]


def with_paths(rows: pa.Table) -> pa.Table:
    """Rows of SCORES as rows of NIGHT."""
    pairs = zip(rows["uri"].to_pylist(), rows["extra"].to_pylist(), strict=True)
    paths = pa.array([path_as_listed(uri, extra) for uri, extra in pairs], pa.string())
    return rows.append_column("path", paths).select(NIGHT.names).cast(NIGHT)


def _opened(data: bytes | None, runs: Sequence[RunEntry]) -> pq.ParquetFile | None:
    """The file of a night, where it is made of just these runs."""
    if data is None:
        return None
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
    except BROKEN:
        return None
    return file if (file.schema_arrow.metadata or {}).get(_MADE_OF) == _digest(runs) else None


def _group(file: pq.ParquetFile, number: int, columns: Sequence[str]) -> pa.Table:
    rows = file.read_row_group(number, [name for name in columns if name in file.schema_arrow.names])
    rows.validate(full=True)
    return filled(rows, _schema(columns))


def _schema(columns: Sequence[str]) -> pa.Schema:
    return pa.schema([NIGHT.field(name) for name in columns])


def _digest(runs: Sequence[RunEntry]) -> bytes:
    return content_hash(json.dumps([(run.committed_at, run.run_id) for run in sorted(runs)]).encode()).encode()


def _unseen(rows: pa.Table, seen: set[str]) -> pa.Table:
    """The rows of clips that were not seen yet, each once; they are seen now."""
    keep = []
    for uri in rows["uri"].to_pylist():
        keep.append(uri not in seen)
        seen.add(uri)
    return rows if all(keep) else rows.filter(pa.array(keep, pa.bool_()))
