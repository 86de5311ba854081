import io
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asd_core.errors import UsageError
from asd_core.store.column_checks import check_columns, read_parquet

NOT_UTF8 = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff\xfe"]).buffers())


@pytest.mark.parametrize(
    ("name", "column", "message"),
    [
        ("path", pa.array([["a"]]), "the column 'path' holds list<"),
        ("date", pa.array([{"a": 1}]), "the column 'date' holds struct<"),
        ("split", pa.array([b"\xff"]), "the column 'split' holds binary: write text"),
        ("note", NOT_UTF8, "the column 'note' cannot be read: .*UTF8"),
        (
            "date",
            pa.array([0, 253_402_300_800], pa.timestamp("s")),
            "row 2 of the column 'date' is outside of the years",
        ),
        ("note", pa.array([-(1 << 31)], pa.date32()), "row 1 of the column 'note' is outside of the years 1 to 9999"),
        ("date", pa.array([0], pa.timestamp("us", tz="No/Where")), "the column 'date' cannot be read: .*No/Where"),
    ],
)
def test_columns_that_nobody_can_read_are_named(name, column, message):
    with pytest.raises(UsageError, match=f"the list: {message}"):
        check_columns(pa.table({name: column}), "the list", ("date", "split"))


def test_all_that_people_write_passes():
    columns = {
        "path": pa.array(["a", None]).dictionary_encode(),
        "date": pa.array([datetime(1, 1, 3), datetime(9999, 12, 30)], pa.timestamp("us", tz="Europe/Berlin")),
        "split": pa.nulls(2),
        "note": pa.array([[1], None]),
        "size": pa.array([1.5, 2.5]),
    }
    check_columns(pa.table(columns), "the list", ("date", "split", "size"))


def test_text_is_text_again_and_a_text_of_megabytes_in_thousands_of_rows_is_refused():
    column = pa.array(["a" * 900_000, "b", None]).dictionary_encode()
    for rows, is_stored, is_trap in (([0, 1, 2, 1], False, False), ([0] * 400, False, True), ([0] * 400, True, True)):
        sink = io.BytesIO()
        table = pa.table({"path": column.take(pa.array(rows))})
        pq.write_table(table, sink, store_schema=is_stored)
        if is_trap:
            with pytest.raises(UsageError, match=r"360000000 bytes of text in \d+ bytes"):
                read_parquet(sink.getvalue())
        else:
            assert read_parquet(sink.getvalue()).to_pydict() == table.to_pydict()


def test_a_table_of_more_rows_than_its_bytes_can_name_is_refused_unread(tmp_path):
    sink = io.BytesIO()
    pq.write_table(pa.table({"path": pa.array(["a"]).take(pa.array([0] * 2_000_000))}), sink)
    (tmp_path / "t.parquet").write_bytes(sink.getvalue())
    for source in (sink.getvalue(), tmp_path / "t.parquet"):
        with pytest.raises(UsageError, match=r"a table that tells of 2000000 rows in \d+ bytes"):
            read_parquet(source)
