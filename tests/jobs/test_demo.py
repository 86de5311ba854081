import pyarrow as pa

from asd_core.synthesis.fleet import simulate_fleet
from jobs.demo import found_faults, found_machines
from tests.command import asd


def test_flagged_clips_are_counted_for_faulty_and_for_other_machines(tmp_path):
    fleet = simulate_fleet(str(tmp_path), nights=1, machines_per_type=1, clips_per_night=1, seconds=0.5)
    fault = fleet.faults[0]
    rows = [
        {"date": fault.date, "machine_type": fault.machine_type, "machine_id": fault.machine_id, "is_flagged": True},
        {"date": fault.date, "machine_type": fault.machine_type, "machine_id": fault.machine_id, "is_flagged": None},
        {"date": "2026-12-24", "machine_type": "fan", "machine_id": "00", "is_flagged": False},
    ]
    assert found_faults(fleet, pa.Table.from_pylist(rows)) == {
        "faulty_clips": 1,
        "faulty_clips_flagged": 1,
        "normal_clips": 1,
        "normal_clips_flagged": 0,
    }


def test_machines_in_alarm_are_counted_for_faulty_ones_and_for_others(tmp_path):
    fleet = simulate_fleet(str(tmp_path), nights=1, machines_per_type=1, clips_per_night=1, seconds=0.5)
    machines = [(fault.machine_type, fault.machine_id) for fault in fleet.faults] + [("kettle", "00")]
    rows = [{"machine_type": kind, "machine_id": name} for kind, name in machines]
    faulty = len(machines) - 1
    for alarms, counts in ((rows, (faulty, faulty, 1)), (rows[-1:], (faulty, 0, 1)), ([], (faulty, 0, 0))):
        assert tuple(found_machines(fleet, alarms).values()) == counts


def test_options_that_exclude_each_other_are_refused_before_anything_is_simulated(tmp_path):
    said = asd("demo", tmp_path / "demo", "--local", "--ray-address", "auto")
    assert said.code == 2 and "exclude each other" in said.err and not (tmp_path / "demo").exists()
