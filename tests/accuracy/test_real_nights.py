import numpy as np
import pyarrow.compute as pc
import pytest

from tests.accuracy.real_nights import (
    CLIPS,
    DETECTORS,
    blocks,
    evenly,
    fleet_rows,
    judged,
    machine_rows,
    night_rows,
    with_anomalies,
)


@pytest.fixture
def machines(tmp_path):
    """Files of two machines whose anomalous clips are far off, as the published ones are named."""
    draws = np.random.default_rng(0)
    for number in range(2):
        test = np.exp(draws.normal(size=(60, 60, 8)))
        test[:25] *= 50
        labels, train = np.repeat([1, 0], [25, 35]), np.exp(draws.normal(size=(80, 60, 8)))
        np.savez(tmp_path / f"fan_id_0{number}.npz", X_train=train, X_test=test, y_test=labels)
    return sorted(tmp_path.glob("*.npz"))


def test_nights_are_blocks_in_order_and_what_is_left_over_is_dropped():
    nights = blocks(np.arange(47))
    assert nights.shape == (4, CLIPS) and nights[1, 0] == CLIPS
    assert evenly(nights, 3)[:, 0].tolist() == [0, 10, 30] and len(evenly(nights, 9)) == 4


@pytest.mark.parametrize("count", [0, 1, 3, 10])
def test_the_first_clips_of_each_night_are_anomalous_ones_in_a_row(count):
    anomalous = np.arange(100, 125)
    found = with_anomalies(blocks(np.arange(30)), anomalous, count)
    assert (found >= 100).sum(axis=1).tolist() == [count] * 3
    assert (np.diff(found[:, :count]) == 1).all() and found[0, count:].tolist() == list(range(count, CLIPS))


def test_nights_by_level_hold_clips_that_are_alike(machines):
    table = night_rows(machines[0], 8, by_level=True)
    learnt = table.filter(pc.less(table["date"], "2027"))
    level = np.log(np.array(learnt["embedding"].to_pylist())).mean(axis=1)
    assert len(learnt) == 80 and (np.diff(level) >= 0).all()


def test_nights_go_through_import_fit_score_and_alarms(machines):
    found = judged(machines, DETECTORS["kNN"], 8, by_level=False)
    assert {number: len(rows) for number, rows in found.items()} == {0: 6, 1: 6, 3: 6, 10: 6}
    (_, _, _, normal, *anomalous), count, flags = fleet_rows("kNN", found, 0.07)
    assert anomalous == ["100.0%"] * 3 and normal != "100.0%" and flags[-1] == "100.0%" and count[0] == "kNN: *count*"
    assert [row[:2] for row in machine_rows({"kNN": found}, 0.07)] == [["fan 00", "3"], ["fan 01", "3"]]
