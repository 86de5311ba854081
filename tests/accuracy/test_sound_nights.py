import numpy as np
import pyarrow as pa

from tests.accuracy.sound_nights import AFTER, JUDGED, changed_row, matrices


def night(*rows):
    names = ("machine_type", "machine_id", "state", "tier")
    blank = {"p_value": 0.5, "drifted_by": None, "fleet_shift": None}
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) | blank for row in rows])


def test_machines_and_dates_are_put_in_order():
    well, ill = ("fan", "01", None, "within_chance"), ("fan", "00", "new", "act")
    found = matrices({"2026-11-02": night(ill, well), "2026-11-01": night(well, ("fan", "00", None, "watch"))})
    assert found.machines == [("fan", "00"), ("fan", "01")]
    assert found.new.tolist() == found.in_alarm.tolist() == [[False, True], [False, False]]
    assert not found.fleet_shifted.any() and not found.drifts.any()


def test_nights_to_the_alarm_are_counted_from_the_change():
    days = {}
    for day in range(JUDGED):
        state = "new" if day == AFTER + 2 else "continuing" if day > AFTER + 2 else None
        rows = [(kind, "00", state, "act" if state else "within_chance") for kind in ("fan", "gearbox", "pump")]
        days[f"2026-11-{day + 1:02d}"] = night(*rows, ("valve", "00", "new" if day == 1 else None, "within_chance"))
    fleet = matrices(days)
    assert np.isnan(fleet.floats("drifted_by")).all()
    assert changed_row("drift and bearings", [fleet, fleet])[1:5] == ["1.0 ± 0.0", "6 of 6", "3 (last: 3)", "10.0"]
