from asd_core.store.tables import from_parquet
from asd_core.training.history import MOST_ROWS, TRAINING, history_bytes, row_every


def test_rows_come_back_as_they_were():
    row = {"step": 1, "epoch": 1, "loss": 2.0, "learning_rate": 0.1, "validation_loss": None}
    row["validation_accuracy"] = None
    table = from_parquet(history_bytes([row]))
    assert table.schema.equals(TRAINING) and table.to_pylist() == [row]


def test_a_long_training_has_few_rows():
    assert [row_every(steps) for steps in (1, MOST_ROWS, 10 * MOST_ROWS)] == [1, 1, 10]
