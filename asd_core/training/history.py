"""The course of a training: a row for each step, or for each run of steps where they are many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

import pyarrow as pa

from asd_core.store.tables import to_parquet

TRAINING = pa.schema(
    [
        pa.field("step", pa.int64(), nullable=False),  # steps of the optimiser that were done by then
        pa.field("epoch", pa.int64(), nullable=False),  # of the last batch, from 1
        pa.field("loss", pa.float64(), nullable=False),  # mean over the steps since the row before
        pa.field("learning_rate", pa.float64(), nullable=False),
        pa.field("validation_loss", pa.float64()),  # of held-out clips, at the end of an epoch; else null
        pa.field("validation_accuracy", pa.float64()),  # share of held-out clips whose class is the likeliest
    ]
)
"""One row per step of a training, or per so many steps."""

MOST_ROWS = 2000


class HistoryRow(TypedDict):
    """A row of `TRAINING`."""

    step: int
    epoch: int
    loss: float
    learning_rate: float
    validation_loss: float | None
    validation_accuracy: float | None


def row_every(steps: int) -> int:
    """Steps from one row to the next, so that a long training has `MOST_ROWS` at most, and some at epochs' ends."""
    return max(1, steps // MOST_ROWS)


def history_table(rows: Sequence[HistoryRow]) -> pa.Table:
    """Rows of `TRAINING`."""
    return pa.Table.from_pylist(list(rows), schema=TRAINING)


def history_bytes(rows: Sequence[HistoryRow]) -> bytes:
    """The rows as Parquet."""
    return to_parquet(history_table(rows))
