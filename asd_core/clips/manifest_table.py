"""The table of a manifest: CSV or Parquet, with the names of its columns as they are known."""

from __future__ import annotations

import csv
import io
import re

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from asd_core.errors import UsageError, did_you_mean
from asd_core.store.column_checks import check_columns, read_parquet
from asd_core.store.tables import CLIPS
from asd_core.text_files import CsvText, csv_rows, csv_text, text_of

_PARQUET, _TEXT = (".parquet", ".pq"), (".csv", ".tsv", ".tab", ".txt")
_SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
_KNOWN = {*CLIPS.names, "path", "label"}
_INDEX = re.compile(r"|unnamed: \d+|__index_level_\d+__", re.IGNORECASE)  # pandas' own numbers of rows


def is_manifest(url: str) -> bool:
    """True where an archive's address names a manifest rather than a folder.

    Raises:
        UsageError: it names the file of a spreadsheet program.
    """
    lower = url.lower()
    if lower.endswith(_SPREADSHEETS):
        raise UsageError(f"{url} is a spreadsheet program's own file: save the table as CSV (Excel: CSV UTF-8)")
    return lower.endswith(_PARQUET + _TEXT)


def read_table(url: str, data: bytes) -> pa.Table:
    """The table in a manifest's bytes; the cells of a CSV file are text.

    Raises:
        UsageError: it cannot be read, has a column twice, lacks ``path``, ``uri`` or ``machine_type``, or has no row.
    """
    try:
        table = read_parquet(data) if url.lower().endswith(_PARQUET) else _read_csv(url, data)
    except (pa.ArrowException, csv.Error, OSError, ValueError) as error:
        raise UsageError(f"cannot read the manifest {url}: {str(error).splitlines()[0]}") from error
    table = with_known_names(table, f"the manifest {url}")
    check_columns(table, f"the manifest {url}", CLIPS.names)
    names = table.column_names
    if not {"uri", "path"} & set(names):
        raise UsageError(
            f"the manifest {url} has neither a column 'path' nor 'uri', only {', '.join(map(repr, names))}"
        )
    if "machine_type" not in names:
        near = did_you_mean("machine_type", names)
        raise UsageError(f"the manifest {url} has no column 'machine_type'{near}")
    if not len(table) or not any(has_values(table)):
        raise UsageError(f"the manifest {url} lists no recording")
    return table


def with_known_names(table: pa.Table, name: str, *more: str) -> pa.Table:
    """The table with the names of known columns as they are known: `` Machine Type`` is ``machine_type``.

    Other columns keep their names without the blanks around them. Columns without a name, and pandas' own row numbers,
    are left out.

    Args:
        table: as it was read.
        name: of the file, for the message.
        more: names of further columns that are known.

    Raises:
        UsageError: a column stands there twice.
    """
    kept = [column for column in table.column_names if not _INDEX.fullmatch(column.strip())]
    names = [_known_name(column, _KNOWN.union(more)) for column in kept]
    if repeated := sorted({column for column in names if names.count(column) > 1}):
        raise UsageError(f"{name} has the column {repeated[0]!r} twice")
    positions = [i for i, column in enumerate(table.column_names) if not _INDEX.fullmatch(column.strip())]
    return table.select(positions).rename_columns(names)


def has_values(table: pa.Table) -> list[bool]:
    """For each row, if any of its cells is filled: spreadsheets write empty rows at the end."""
    filled = pa.chunked_array([pa.repeat(False, len(table))])
    for column in table.columns:
        is_filled = pc.is_valid(column)
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            is_filled = pc.and_(is_filled, pc.fill_null(pc.not_equal(column, ""), False))
        filled = pc.or_(filled, is_filled)
    return list(filled.to_pylist())


def _known_name(column: str, known: set[str]) -> str:
    plain = re.sub(r"[\s-]+", "_", column.strip().lower())
    return plain if plain in known else column.strip()


def _read_csv(url: str, data: bytes) -> pa.Table:
    # Every column as text: machine id "07" must not become 7.
    text = text_of(data, f"the manifest {url}")
    try:
        return _read_plain_csv(csv_text(text))
    except pa.ArrowInvalid:
        return _read_any_csv(url, text)


def _read_plain_csv(table: CsvText) -> pa.Table:
    """A table whose rows have one length, ten times as fast; raises ArrowInvalid for others."""
    if f'{table.separator} "' in table.text:
        raise pa.ArrowInvalid("a blank before a quote")
    coded = table.text.encode("utf-8", "surrogatepass")
    parsing = pyarrow.csv.ParseOptions(delimiter=table.separator, newlines_in_values=True)
    names = pyarrow.csv.open_csv(io.BytesIO(coded), parse_options=parsing).schema.names
    as_text = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False)
    read = pyarrow.csv.read_csv(io.BytesIO(coded), parse_options=parsing, convert_options=as_text)
    return pa.Table.from_arrays([pc.utf8_trim_whitespace(column) for column in read.columns], read.column_names)


def _read_any_csv(url: str, text: str) -> pa.Table:
    """A table whose rows may have empty cells too many; raises for those that cannot be meant."""
    rows = ((line, [cell.strip() for cell in row]) for line, row in csv_rows(text))
    _, header = next(rows, (0, [""]))
    cells: list[list[str]] = []
    for line, row in rows:
        if len(row) > len(header) and not any(row[len(header) :]):
            row = row[: len(header)]
        if len(row) != len(header) and any(row):
            raise UsageError(
                f"cannot read the manifest {url}: line {line} has {len(row)} cells, the header {len(header)}"
            )
        cells.append(row if any(row) else [""] * len(header))
    columns = zip(*cells, strict=True) if cells else ((),) * len(header)
    return pa.Table.from_arrays([pa.array(column, pa.string()) for column in columns], header)
