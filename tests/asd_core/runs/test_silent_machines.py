import pyarrow as pa

from asd_core.runs.silent_machines import SilentMachine, silent_machines
from asd_core.store.alarm_schemas import EVIDENCE
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.store import Store
from tests.many_nights.bucket import Bucket
from tests.many_nights.runs import kept_runs

KEY = "fleet-1"


def store_of(nights, fitted=()):
    """A store whose nights (day → machines) have evidence, and scorers of some fans."""
    runs = kept_runs(*((KEY, f"2026-11-{day:02d}", f"{day:02d}T23") for day in nights))
    named = {f"newest_scorers/{KEY}/fan/{machine}/v000001-0": b"" for machine in fitted}
    store = Store(Bucket(runs | named | {f"newest_scorers/{KEY}/+complete": b""}))
    for day, machines in nights.items():
        rows = [blank_row(machine) for machine in machines]
        store.keep_evidence(KEY, f"2026-11-{day:02d}", KeptNight(pa.Table.from_pylist(rows, EVIDENCE), {}))
    return store


def blank_row(machine):
    blanks = {pa.string(): "", pa.int64(): 0, pa.float64(): 0.0}
    return {one.name: blanks[one.type] for one in EVIDENCE} | {"machine_type": "fan", "machine_id": machine}


def test_a_machine_that_was_heard_and_is_not_any_more_is_silent_since_its_last_night():
    store = store_of({1: ["00", "01"], 2: ["00", "01"], 3: ["00"]})
    assert silent_machines(store, KEY, 7) == [SilentMachine("fan", "01", "2026-11-02")]


def test_a_machine_with_a_scorer_is_looked_for_in_earlier_nights_and_another_is_not():
    nights = {1: ["00", "a b", "02"]} | {day: ["00"] for day in range(2, 31)}
    assert [one.machine_id for one in silent_machines(store_of(nights, ["a b"]), KEY, 3)] == ["02", "a b"]
    named = [(one.machine_id, one.last_heard) for one in silent_machines(store_of(nights, ["09"]), KEY, 3)]
    assert ("09", "") in named


def test_a_store_without_nights_has_no_silent_machine():
    assert silent_machines(store_of({}, ["00"]), KEY, 7) == []
