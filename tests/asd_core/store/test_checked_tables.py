import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from asd_core.store.checked_tables import in_schema, table_of
from asd_core.store.tables import to_parquet

SCHEMA = pa.schema([pa.field("name", pa.string(), nullable=False)])


def test_the_columns_of_a_schema_are_taken_in_its_types():
    assert in_schema(pa.table({"more": [1], "name": ["a"]}), SCHEMA) == pa.table({"name": ["a"]}, schema=SCHEMA)


@pytest.mark.parametrize("values", [{"other": ["a"]}, {"name": pa.nulls(1, pa.string())}, {"name": [{"x": 1}]}])
def test_columns_of_another_kind_are_refused_by_one_error(values):
    with pytest.raises(pa.ArrowInvalid):
        in_schema(pa.table(values), SCHEMA)


def test_text_that_is_none_is_found_when_it_is_read():
    bad = pa.table({"name": pa.array([b"\xff"], pa.binary()).view(pa.string())})
    with pytest.raises(pa.ArrowInvalid):
        table_of(pq.ParquetFile(io.BytesIO(to_parquet(bad))))
    good = table_of(pq.ParquetFile(io.BytesIO(to_parquet(pa.table({"a": [1], "name": ["b"]})))), ["name", "lacking"])
    assert good.to_pydict() == {"name": ["b"]}
