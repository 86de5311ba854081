from __future__ import annotations

from asd_core.synthesis.fleet.fault_night import BROKEN, plan_night
from asd_core.synthesis.fleet.faults import KINDS, SEVERITIES
from asd_core.synthesis.fleet.machine import MACHINE_TYPES, build_machine


def test_a_fault_night_has_faults_broken_files_and_a_silent_machine_on_different_machines() -> None:
    machines = [build_machine(kind, i, 0) for kind in MACHINE_TYPES for i in range(4)]
    plan = plan_night(machines, 5, "2026-11-04", 3, seed=0)
    assert len(plan.faults) == 8 and sorted(plan.broken.values()) == sorted(BROKEN) and plan.silent is not None
    assert not {plan.silent} & set(plan.faults) and not {index for index, _ in plan.broken} & {
        plan.silent,
        *plan.faults,
    }


def test_faults_differ_in_kind_and_severity_and_suit_their_machines() -> None:
    machines = [build_machine(kind, i, 0) for kind in MACHINE_TYPES for i in range(12)]
    faults = plan_night(machines, 5, "2026-11-04", 3, seed=0).faults.values()
    assert all(fault.kind in KINDS[fault.machine_type] for fault in faults)
    assert {fault.kind for fault in faults} == {kind for kinds in KINDS.values() for kind in kinds}
    assert {fault.severity for fault in faults} == set(SEVERITIES)


def test_a_fleet_of_one_machine_is_faulty_and_neither_silent_nor_broken() -> None:
    plan = plan_night([build_machine("fan", 0, 0)], 2, "2026-11-04", 0, seed=0)
    assert (len(plan.faults), plan.broken, plan.silent) == (1, {}, None)
