"""The schemas of the tables in a store, and reading and writing them as Parquet.

Every stage reads and writes one of these tables, so each can be run, resumed, replaced and inspected alone.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from asd_core.store.checked_tables import in_schema, table_of

CLIPS = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),  # 32 hex digits: hash of uri, size and version
        pa.field("uri", pa.string(), nullable=False),  # percent-encoded, absolute
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),  # "train", "test" or "" where the archive does not say
        pa.field("domain", pa.string(), nullable=False),  # "source", "target" or "" where unknown
        pa.field("attributes", pa.string(), nullable=False),  # the attribute string whole, "" where there is none
        pa.field("condition", pa.string(), nullable=False),  # "normal", "anomalous" or "" where unknown
        pa.field("date", pa.string(), nullable=False),  # "2026-11-19", or "undated"
        pa.field("recorded_at", pa.timestamp("us", tz="UTC")),  # null where the archive does not say
        pa.field("size", pa.int64(), nullable=False),  # bytes
        pa.field("extra", pa.string(), nullable=False),  # JSON object of a manifest's further columns
    ]
)
"""One row per recording of an archive."""

INDEX = pa.schema([*CLIPS, pa.field("error_reason", pa.string()), pa.field("shard", pa.string(), nullable=False)])
"""One row per clip whose embedding (or lasting error) is stored: its keys, and the shard that holds it."""

_OUTCOME = [
    pa.field("seconds", pa.float64()),  # length of the whole recording; null where it could not be read
    pa.field("level_db", pa.float64()),  # RMS of the part heard, dB re full scale; null where it was not heard here
    pa.field("error_reason", pa.string()),  # short stable code; null where the clip is good
    pa.field("error", pa.string()),  # one line for people; null where the clip is good
    pa.field("warning", pa.string()),  # used all the same, but; null where there is nothing to say
]

EMBEDDINGS = pa.schema(
    [
        *CLIPS,
        *_OUTCOME,
        pa.field("embedding", pa.list_(pa.float32())),
        pa.field("segment", pa.int64()),  # number of the segment, from 0; null for a whole clip
        pa.field("segment_start", pa.float64()),  # s from the beginning of the recording; null for a whole clip
    ]
)
"""One row per clip or segment: its keys, and its embedding (D,) float32 or its error.

A list of any length although all are of one: Parquet files with a null among fixed-size lists cannot be read back.
"""


def embedding_column(embeddings: NDArray[np.float32], valid: NDArray[np.bool_]) -> pa.Array:
    """The embedding column of rows (N, D), null where ``valid`` (N,) is false."""
    dim = embeddings.shape[1]
    offsets = np.concatenate([[0], np.cumsum(np.where(valid, dim, 0))]).astype(np.int32)
    values = pa.array(np.ascontiguousarray(embeddings[valid], np.float32).ravel())
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(~valid))


def embedding_matrix(rows: pa.Table) -> NDArray[np.float32]:
    """The embeddings of rows that all have one: (N, D) float32."""
    values = rows["embedding"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return np.asarray(values, np.float32).reshape(len(rows), -1)


SCORES = pa.schema(
    [
        *CLIPS,
        *_OUTCOME,
        pa.field("anomaly_score", pa.float64()),  # higher is more anomalous; null for an error
        pa.field("decision_threshold", pa.float64()),  # null for an error
        pa.field("is_flagged", pa.bool_()),  # anomaly_score > decision_threshold; null for an error
        # How far level_db is from its median over the training normals: the trivial twin of the anomaly score.
        pa.field("level_deviation_db", pa.float64()),
        pa.field("p_value", pa.float64()),  # share of unseen normal scores at least as high, (1 + #) / (1 + n)
        pa.field("nearest_uris", pa.list_(pa.string())),  # nearest normal training clips, nearest first
        pa.field("nearest_distances", pa.list_(pa.float64())),  # in the transformed embedding space, not squared
        pa.field("scorer_version", pa.string()),  # null for an error
        pa.field("segment_start", pa.float64()),  # s, of the segment with the highest score; null for a whole clip
        pa.field("segments", pa.int64()),  # that were scored; null for a whole clip
        pa.field("nearest_starts", pa.list_(pa.float64())),  # s, of the nearest segments; null for whole clips
        pa.field("decided_by", pa.string()),  # of an ensemble: the member with the largest part in the score
        pa.field("member_scores", pa.list_(pa.float64())),  # of an ensemble: its members' standardised scores
        pa.field("p_floor", pa.float64()),  # smallest p that the scorer's normals allow, 1 / (1 + n); null as p_value
    ]
)
"""One row per listed clip: a score or an error, never neither and never both."""

NIGHT = pa.schema([*SCORES][:2] + [pa.field("path", pa.string(), nullable=False)] + [*SCORES][2:])
"""The file of a night: SCORES with ``path``, the recording's path as a manifest lists it; see `path_as_listed`."""

CAPTIONS = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("date", pa.string(), nullable=False),
        pa.field("method", pa.string(), nullable=False),  # "text-decoder", "zero-shot", "hybrid", "acoustic" or "tags"
        pa.field("difference_caption", pa.string()),  # null for an error
        pa.field("clip_caption", pa.string()),  # the decoder's, of the clip alone
        pa.field("normal_uris", pa.list_(pa.string())),  # of the k nearest normal clips, nearest first
        pa.field("normal_captions", pa.list_(pa.string())),  # the decoder's, of each of them
        pa.field("texts", pa.list_(pa.string())),  # the L texts of the zero-shot method
        pa.field("similarities", pa.list_(pa.float64())),  # (L,) cosines of the clip with each text
        pa.field("normal_similarities", pa.list_(pa.list_(pa.float64()))),  # (k, L), of the normal clips
        pa.field("findings", pa.list_(pa.string())),  # measured differences in words
        pa.field("llm", pa.string(), nullable=False),  # "<name> at <host>"; "" where none was asked
        pa.field("prompt_version", pa.string(), nullable=False),
        pa.field("prompt_hash", pa.string(), nullable=False),
        pa.field("prompt", pa.string(), nullable=False),
        pa.field("input_tokens", pa.int64(), nullable=False),
        pa.field("output_tokens", pa.int64(), nullable=False),
        pa.field("attempts", pa.int64(), nullable=False),
        pa.field("unknown", pa.int64(), nullable=False),  # attempts whose fate a crash left open
        pa.field("warning", pa.string()),
        pa.field("note", pa.string()),  # random weights, two audio towers
        pa.field("error_reason", pa.string()),
        pa.field("error", pa.string()),
        pa.field("scorer_version", pa.string()),  # of the score that the caption explains
    ]
)
"""One row per clip and method that was asked for: a difference caption or an error."""


def filled(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the columns of a schema, null where it was written before there was such a column.

    Raises:
        pa.ArrowInvalid: its columns cannot be those of the schema.
    """
    for field in schema:
        if field.name not in table.column_names:
            table = table.append_column(field.with_nullable(True), pa.nulls(len(table), field.type))
    return in_schema(table, schema)


def rows_of(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    """The values of some columns, row by row."""
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def to_parquet(table: pa.Table) -> bytes:
    """The table as the bytes of a Parquet file: the same bytes for the same table and library version."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd")
    return sink.getvalue()


def from_parquet(data: bytes, columns: Sequence[str] | None = None) -> pa.Table:
    """The table in the bytes of a Parquet file, or only some of its columns; a column that it lacks is left out.

    Raises:
        pa.ArrowInvalid: they are no Parquet file, or hold other values than its types allow, such as text that is none.
    """
    try:
        return table_of(pq.ParquetFile(io.BytesIO(data)), columns)
    except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:  # by where a file is broken
        raise pa.ArrowInvalid(str(error)) from error


def first_of_each(table: pa.Table, column: str) -> pa.Table:
    """The first row of each value of a column, in the order in which they stand."""
    encoded = table[column].combine_chunks().dictionary_encode()
    if len(encoded.dictionary) == len(table):
        return table
    return table.take(pa.array(np.unique(encoded.indices, return_index=True)[1]))
