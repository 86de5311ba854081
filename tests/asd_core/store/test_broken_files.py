import numpy as np
import pyarrow as pa
import pytest

from asd_core.errors import AsdError
from asd_core.store.broken_files import json_object, named_if_broken, table_in
from asd_core.store.tables import to_parquet

SCHEMA = pa.schema([pa.field("name", pa.string(), nullable=False), pa.field("x", pa.float64())])


@pytest.mark.parametrize("data", [b"", b"\xff\x00", b"[]", b"null", b'{"a":' + b"[" * 100_000, b'{"\xff": 1}', b'"x"'])
def test_json_that_is_no_object_names_its_file_and_the_mend(data):
    with pytest.raises(AsdError, match=r"^runs/r.json in the store is no .*; ask again$"):
        json_object("runs/r.json", data, "ask again")
    assert json_object("a", b'{"b": 1}') == {"b": 1}


def bad_text():
    return pa.table({"name": pa.array([b"\xff"], pa.binary()).view(pa.string()), "x": [1.0]})


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PAR1",
        to_parquet(pa.table({"name": ["a"], "x": [1.0]}))[:-40],
        to_parquet(pa.table({"other": [1]})),
        to_parquet(pa.table({"name": [["a"]], "x": [{"y": 1}]})),
        to_parquet(pa.table({"name": pa.nulls(1, pa.string()), "x": [1.0]})),
        to_parquet(bad_text()),
    ],
)
def test_a_table_of_another_kind_names_its_file_and_the_mend(data):
    with pytest.raises(AsdError, match="^t.parquet in the store is broken: remove it$"):
        table_in("t.parquet", data, SCHEMA, "remove it")


def test_a_table_is_read_in_its_schema():
    rows = table_in("t", to_parquet(pa.table({"x": np.array([1], np.int64), "more": [0], "name": ["a"]})), SCHEMA)
    assert rows.schema == SCHEMA and rows.to_pylist() == [{"name": "a", "x": 1.0}]


@pytest.mark.parametrize("wrong", [lambda: {}["a"], lambda: None.x, lambda: int("x"), lambda: [] < 1, lambda: 1 / 0])
def test_whatever_bad_values_lead_to_names_the_file(wrong):
    with (
        pytest.raises(AsdError, match="^f.json in the store is broken: restore it or remove it"),
        named_if_broken("f.json"),
    ):
        wrong()
    with pytest.raises(AsdError, match="^mine$"), named_if_broken("f.json"):
        raise AsdError("mine")


def test_a_time_that_no_calendar_has_is_a_broken_file():
    schema = pa.schema([("recorded_at", pa.timestamp("us"))])
    data = to_parquet(pa.table({"recorded_at": pa.array([1 << 62], pa.timestamp("us"))}))
    with pytest.raises(AsdError, match="clips.parquet in the store is broken"):
        table_in("clips.parquet", data, schema)
