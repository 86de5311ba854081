import pyarrow as pa
import pytest

from asd_core.pipeline.lenders import MOST_CLIPS, MOST_LENDERS, lending
from asd_core.store.tables import CLIPS
from tests.stored_rows import rows


def clips(**machines):
    """Rows of CLIPS: type_machine → clips of each of its nights; one number is of clips without a date."""
    named = []
    for name, nights in machines.items():
        kind, _, machine = name.rpartition("_")
        undated = [("undated", nights)] if isinstance(nights, int) else []
        for date, count in undated or [(f"2026-11-{day:02d}", count) for day, count in enumerate(nights, 1)]:
            named += [(kind, machine, date)] * count
    kinds, names, dates = (list(column) for column in zip(*named, strict=True))
    ids = [f"{number:06d}" for number in range(len(named))]
    return rows(CLIPS, ids, machine_type=kinds, machine_id=names, date=dates)


FIVE = [1] * 5


def test_machines_with_five_nights_lend_to_one_with_a_single_night():
    found = lending(clips(fan_a=FIVE, fan_b=FIVE, fan_c=FIVE, fan_new=[4], fan_own=[2, 2], pump_a=FIVE, pump_new=[1]))
    assert found.nights == {("fan", "new"): 1} and found.pools.keys() == {"fan"}
    assert set(found.pools["fan"]["machine_id"].to_pylist()) == {"a", "b", "c"}


def test_without_dates_ten_clips_lend_and_no_machine_is_new():
    found = lending(clips(fan_a=10, fan_b=10, fan_c=10, fan_few=3))
    assert found.nights == {} and set(found.pools["fan"]["machine_id"].to_pylist()) == {"a", "b", "c"}


def test_clips_of_unknown_machines_lend_nothing():
    assert lending(clips(unplaced_a=FIVE, unplaced_b=FIVE, unplaced_c=FIVE)).pools == {}


@pytest.mark.parametrize(("machines", "night"), [(4, 100), (MOST_LENDERS + 20, 3)])
def test_so_many_clips_are_drawn_at_most_whole_nights_and_the_same_ones_again(machines, night):
    table = clips(**{f"fan_{number:03d}": [night] * 5 for number in range(machines)})
    (pool,) = lending(table).pools.values()
    assert 0.7 * MOST_CLIPS <= len(pool) <= MOST_CLIPS
    counts = pool.group_by(["machine_id", "date"]).aggregate([("clip_id", "count")])
    assert set(counts["clip_id_count"].to_pylist()) == {night}
    assert len(set(pool["machine_id"].to_pylist())) == min(machines, MOST_LENDERS)
    assert lending(table.take(pa.array(range(len(table))[::-1]))).pools["fan"].equals(pool)


def test_a_night_that_is_too_long_is_cut():
    (pool,) = lending(clips(**{f"fan_{name}": [2000] * 5 for name in "abc"})).pools.values()
    assert len(pool) == 3 * (MOST_CLIPS // 3)
