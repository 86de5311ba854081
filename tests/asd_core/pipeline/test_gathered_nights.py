import numpy as np
import pyarrow as pa

from asd_core.pipeline.gathered_nights import GatheredNights


def rows(*machines, p=0.5):
    return pa.table({"machine_type": ["fan"] * len(machines), "machine_id": machines, "p": [p] * len(machines)})


def test_a_matrix_has_a_row_a_machine_and_a_column_a_night():
    nights = GatheredNights(["p"])
    nights.add("2026-11-01", rows("a", "b", p=0.1))
    nights.add("2026-11-02", rows("b", "c", p=0.2))
    assert nights.machines == [("fan", "a"), ("fan", "b"), ("fan", "c")] and len(nights.dates) == 2
    np.testing.assert_array_equal(nights.matrix("p"), [[0.1, np.nan], [0.1, 0.2], [np.nan, 0.2]])


def test_the_order_of_a_nights_rows_does_not_matter():
    nights = GatheredNights(["p"])
    nights.add("2026-11-01", rows("a", "b"))
    assert nights.places_of(rows("b", "a")).tolist() == [1, 0]
    assert nights.places_of(rows("b", "a")).tolist() == [1, 0]


def test_nulls_are_not_numbers():
    nights = GatheredNights(["p"])
    nights.add("2026-11-01", rows("a").set_column(2, "p", pa.array([None], pa.float64())))
    assert np.isnan(nights.matrix("p")).all()
