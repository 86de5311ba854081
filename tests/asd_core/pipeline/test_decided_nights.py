import numpy as np
import pyarrow as pa
import pytest

from asd_core.pipeline.decided_nights import decide
from asd_core.pipeline.fleet_nights import FleetNights
from asd_core.pipeline.night_evidence import EVIDENCE
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.tables import ALARMS

DATES = ["2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04"]


def evidence(date, p_values, learnt=14):
    count = len(p_values)
    columns = {one.name: [None if one.nullable else {pa.string(): "fan"}.get(one.type, 5)] * count for one in EVIDENCE}
    known = [None if p is None else 0.0001 for p in p_values]
    columns |= {"machine_id": [f"{number:02d}" for number in range(count)], "date": [date] * count}
    columns |= {name: p_values for name in ("p_value", "p_mean", "p_worst")} | {"p_floor": known}
    columns |= {"calibration_nights": [learnt] * count}
    return pa.table(columns, schema=EVIDENCE)


def decided(nights, learnt=14, **config):
    gathered = FleetNights(["p_value", "calibration_nights"])
    tables = [evidence(date, p_values, learnt) for date, p_values in zip(DATES, nights, strict=False)]
    for date, table in zip(DATES, tables, strict=False):
        gathered.add(date, table)
    found = decide(gathered, AlarmConfig(**config))
    return [found.rows(number, table) for number, table in enumerate(tables)]


def of_machine(tables, machine, *names):
    return [next(tuple(row[n] for n in names) for row in t.to_pylist() if row["machine_id"] == machine) for t in tables]


def test_an_alarm_begins_goes_on_and_ends_and_tells_since_when():
    tables = decided([[0.001, 0.5], [0.5, 0.5], [0.001, 0.5], [0.5, 0.5]], clear_after=1)
    assert tables[0].schema.equals(ALARMS)
    found = of_machine(tables, "00", "tier", "state", "since")
    assert found[0] == ("act", "new", DATES[0]) and found[1][1] == "cleared" and found[2] == ("act", "new", DATES[2])
    assert of_machine(tables, "01", "tier", "state") == [("within_chance", None)] * 4


def test_alarms_stand_first_and_then_the_least_likely_nights():
    (table,) = decided([[0.5, None, 0.05, 0.0005, 0.005]], false_alarms=0.01)
    assert table["machine_id"].to_pylist() == ["03", "04", "02", "00", "01"]
    assert table["tier"].to_pylist() == ["act", "watch", "within_chance", "within_chance", "not_decided"]
    assert all(table["sentence"].to_pylist())


@pytest.mark.parametrize(("false_alarms", "alarms"), [(0.01, 0), (1.0, 1), (2.0, 2)])
def test_more_false_alarms_allowed_are_more_alarms(false_alarms, alarms):
    (table,) = decided([[0.1, 0.4, 0.5, 0.6, 0.9]], false_alarms=false_alarms)
    assert table["tier"].to_pylist().count("act") == alarms


def test_with_two_of_three_one_night_alone_is_no_alarm():
    tables = decided([[0.01, 0.9], [0.9, 0.9], [0.01, 0.9], [0.9, 0.9]], persistence=(2, 3))
    assert of_machine(tables, "00", "state") == [(None,), (None,), ("new",), ("continuing",)]


def test_too_few_learnt_nights_decide_nothing_and_say_how_many_are_needed():
    (table,) = decided([[0.0001]], learnt=9, least_nights=10)
    (row,) = table.to_pylist()
    assert row["tier"] == "not_decided" and "9" in row["sentence"] and "10" in row["sentence"]
    assert np.isfinite(row["p_value"])  # it is known all the same
