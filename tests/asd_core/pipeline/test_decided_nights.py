import numpy as np
import pyarrow as pa
import pytest

from asd_core.pipeline.decided_nights import GATHERED, decide
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.alarm_schemas import ALARMS, EVIDENCE, LABELS
from tests.asd_core.pipeline.nights import learnt_machines
from tests.stored_rows import blank_rows

DATES = [f"2026-11-{day:02d}" for day in range(1, 10)]
FAR, NEAR = 9.0, 0.1  # nights on the normal scale


def evidence(date, z, learnt=14):
    names = [f"{number:02d}" for number in range(len(z))]
    given = {"machine_type": ["fan"] * len(z), "machine_id": names, "date": [date] * len(z), "clips": [5] * len(z)}
    given |= {"z_mean": z, "z_worst": z, "calibration_nights": [learnt] * len(z)}
    return blank_rows(EVIDENCE, len(z), **given)


def decided(nights, machines=4, learnt=14, labels=None, **config):
    """Tables of nights in which machines lie so high; the fleet has learnt that many nights."""
    gathered = GatheredNights(GATHERED)
    tables = [evidence(date, z, learnt) for date, z in zip(DATES, nights, strict=False)]
    for date, table in zip(DATES, tables, strict=False):
        gathered.add(date, table)
    found = decide(learnt_machines(machines, learnt), "key", gathered, AlarmConfig(**config), labels)
    return [found.rows("key", number, table) for number, table in enumerate(tables)]


def of_machine(tables, machine, *names):
    return [next(tuple(row[n] for n in names) for row in t.to_pylist() if row["machine_id"] == machine) for t in tables]


def test_an_alarm_begins_goes_on_and_ends_and_tells_since_when():
    tables = decided([[FAR, NEAR, 0, 0], [NEAR, NEAR, 0, 0], [FAR, NEAR, 0, 0], [NEAR, NEAR, 0, 0], [NEAR] * 4])
    assert tables[0].schema.equals(ALARMS)
    found = of_machine(tables, "00", "state", "since", "nights_in_alarm")
    assert found == [(state, DATES[0], n + 1) for n, state in enumerate(["new", *["continuing"] * 3, "cleared"])]
    assert of_machine(tables, "01", "tier", "state") == [("within_chance", None)] * 5


def test_alarms_stand_first_then_the_least_likely_nights_then_those_that_are_not_decided():
    (table,) = decided([[0.5, None, 1.0, FAR]])
    assert table["machine_id"].to_pylist() == ["03", "02", "00", "01"]
    assert table["tier"].to_pylist()[0] == "act" and table["tier"].to_pylist()[-1] == "not_decided"
    assert all(table["sentence"].to_pylist())
    p_values = table["p_value"].to_pylist()
    assert p_values[0] == table["p_floor"][0].as_py() < p_values[1] < p_values[2] and p_values[3] is None
    assert table["pooled_over"].to_pylist() == ["fleet"] * 3 + [None]
    assert table["pool_nights"].to_pylist() == [4 * 14] * 3 + [0]


def test_more_false_alarms_allowed_are_a_higher_level():
    (few,), (many,) = (decided([[2.0, 0, 0, 0]], false_alarms=number) for number in (0.04, 0.4))
    assert (few["alarm_level"][0].as_py(), many["alarm_level"][0].as_py()) == pytest.approx((0.01, 0.1))
    assert few["tier"][0].as_py() != "act" == many["tier"][0].as_py()


def test_with_two_of_three_one_night_alone_is_no_alarm():
    tables = decided([[FAR, 0, 0, 0], [0] * 4, [FAR, 0, 0, 0]], persistence=(2, 3))
    assert of_machine(tables, "00", "state") == [(None,), (None,), ("new",)]


def test_too_few_learnt_nights_decide_nothing_and_say_how_many_are_needed():
    (table,) = decided([[FAR]], machines=1, learnt=9, least_nights=10)
    (row,) = table.to_pylist()
    assert row["tier"] == "not_decided" and "10 are needed" in row["sentence"]


def test_a_machine_that_the_fleet_has_not_learnt_is_not_decided():
    (table,) = decided([[FAR, 0, 0, 0, FAR]])
    (row,) = of_machine([table], "04", "tier", "p_value", "sentence")
    assert row[:2] == ("not_decided", None) and "fit one from its normal clips" in row[2]


def test_a_shift_of_the_whole_fleet_is_told_in_every_row_and_is_no_alarm():
    (table,) = decided([[6.0] * 8], machines=8)
    assert set(table["tier"].to_pylist()) == {"within_chance"}
    assert table["fleet_shift"].to_pylist() == [6.0] * 8


def test_a_machine_that_has_lain_higher_for_weeks_is_told_to_drift():
    tables = decided([[1.5, 0, 0, 0]] * 9, false_alarms=0.0001, drift=0.01)
    drifts = [value for (value,) in of_machine(tables, "00", "drifted_by")]
    assert drifts[0] is None and drifts[-1] == pytest.approx(1.5)
    assert of_machine(tables, "01", "drifted_by") == [(None,)] * 9


def test_the_order_of_machines_changes_nothing():
    tables = [evidence(date, [FAR, 0, 0, 1.0]) for date in DATES[:2]]
    gathered = GatheredNights(GATHERED)
    for date, table in zip(DATES, tables, strict=False):
        gathered.add(date, table.take(pa.array(np.arange(4)[::-1])))
    found = decide(learnt_machines(4, 14), "key", gathered, AlarmConfig())
    backwards = found.rows("key", 1, tables[1].take(pa.array([2, 0, 3, 1])))
    assert sorted(backwards.to_pylist(), key=str) == sorted(decided([[FAR, 0, 0, 1.0]] * 2)[1].to_pylist(), key=str)


def labels_of(*given):
    """Rows of LABELS of fans: (machine id, night, answer, more columns)."""
    blank = {"machine_type": "fan", "labelled_at": 0}
    rows = [
        blank | {"machine_id": name, "date": DATES[night], "answer": answer, **more}
        for name, night, answer, more in given
    ]
    return pa.Table.from_pylist(rows, LABELS)


def test_an_answer_is_told_beside_the_evidence_which_stays_as_it_is():
    nights = [[FAR, FAR, 0, 0]] * 3
    plain, said = decided(nights), {"words": "bearing", "labelled_by": "Ann"}
    tables = decided(
        nights, labels=labels_of(("00", 0, "fault", said), ("01", 1, "normal", {}), ("02", 2, "fault", {}))
    )
    quiet = of_machine(tables, "00", "tier", "state", "acknowledged", "label", "label_words", "labelled_by")
    assert quiet == [("watch", state, True, "fault", "bearing", "Ann") for state in ("new", "continuing", "continuing")]
    ended = of_machine(tables, "01", "tier", "state", "unlabelled_state", "label")
    assert ended[1] == ("within_chance", "cleared", "continuing", "normal")
    assert ended[2] == ("act", "new", "continuing", None)
    assert of_machine(tables, "02", "tier", "label")[2] == ("within_chance", "fault")
    same = ["z_mean", "z_worst", "p_value", "p_floor", "alarm_level", "unlabelled_state"]
    for one, other in zip(plain, tables, strict=True):
        by_machine = [table.sort_by("machine_id").select(same) for table in (one, other)]
        assert by_machine[0].equals(by_machine[1])


def test_the_sentence_begins_with_the_answer_and_acknowledged_alarms_stand_behind_open_ones():
    (table,) = decided([[FAR, FAR + 5, 0, 0]], labels=labels_of(("01", 0, "ignore", {"until": "2026-12-01"})))
    assert table["machine_id"].to_pylist()[0] == "00"
    ((said,),) = of_machine([table], "01", "sentence")
    assert said.startswith("Acknowledged and ignored until 2026-12-01. New alarm: ")
    ((normal,),) = of_machine(decided([[FAR, 0, 0, 0]], labels=labels_of(("00", 0, "normal", {}))), "00", "sentence")
    assert normal == "Labelled normal. By its scores alone it is a new alarm."


def test_without_an_answer_the_columns_of_answers_are_empty():
    (table,) = decided([[FAR, 0, 0, 0]])
    for name in ("label", "label_words", "label_until", "labelled_by"):
        assert table[name].null_count == 4
    assert of_machine([table], "00", "unlabelled_state", "acknowledged") == [("new", False)]
    assert of_machine([table], "01", "unlabelled_state", "acknowledged") == [(None, None)]
