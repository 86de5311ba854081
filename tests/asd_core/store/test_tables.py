import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from asd_core.digest import content_hash
from asd_core.store.tables import (
    EMBEDDINGS,
    SCORES,
    embedding_column,
    embedding_matrix,
    from_parquet,
    rows_of,
    to_parquet,
)


@given(st.lists(st.booleans(), max_size=9), st.integers(1, 5))
def test_embeddings_with_errors_among_them_survive_parquet(valid, dim):
    valid = np.array(valid, bool)
    embeddings = np.random.default_rng(0).normal(size=(len(valid), dim)).astype(np.float32)
    table = pa.table({"embedding": embedding_column(embeddings, valid)})
    read = from_parquet(to_parquet(table))
    assert read["embedding"].is_valid().to_pylist() == valid.tolist()
    if valid.any():
        np.testing.assert_array_equal(embedding_matrix(read.filter(pa.array(valid))), embeddings[valid])


def test_the_same_table_is_the_same_bytes():
    table = SCORES.empty_table()
    assert content_hash(to_parquet(table)) == content_hash(to_parquet(table))
    assert content_hash(b"a") != content_hash(b"b") and len(content_hash(b"")) == 32


def test_every_table_begins_with_the_clips_keys():
    assert EMBEDDINGS.names[:12] == SCORES.names[:12]
    assert SCORES.names[:2] == ["clip_id", "uri"]


def test_rows_hold_the_columns_that_are_named_in_that_order():
    table = pa.table({"a": [1, 2], "b": ["x", None], "c": [True, False]})
    assert list(rows_of(table, "b", "a")) == [("x", 1), (None, 2)]
    assert list(rows_of(table.slice(0, 0), "a")) == []
