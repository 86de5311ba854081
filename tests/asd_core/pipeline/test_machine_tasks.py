import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from asd_core.pipeline.embed_missing import Embedded
from asd_core.pipeline.machine_tasks import GROUP_ROWS, machine_tasks
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.recipe.recipe import load_recipe
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.clips import clips


def embedded(sizes):
    """Clips of machines 0, 1, ... with so many each, of which every third could not be read."""
    machines = [str(machine) for machine, size in enumerate(sizes) for _ in range(size)]
    rows = clips([f"file:///{i}" for i in range(len(machines))])
    for name, values in {"machine_type": ["fan"] * len(machines), "machine_id": machines}.items():
        rows = rows.set_column(rows.schema.get_field_index(name), name, pa.array(values, pa.string()))
    shards = pa.array([None if i % 3 == 0 else "s" for i in range(len(machines))], pa.string())
    transient = {clip_id: ("vanished", "gone") for clip_id in rows["clip_id"].to_pylist()[::3]}
    return Embedded(rows.append_column("shard", shards), {"fan": "f"}, transient)


def tasks_of(given, workers, versions):
    store = Store(LocalFiles("/nowhere"))
    return machine_tasks(store, load_recipe("twfr-knn"), "key", given, versions, "run", workers)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(1, 16))
def test_each_machine_lies_whole_in_one_task_with_what_is_known_of_its_own_clips(sizes, workers):
    whole = embedded(sizes)
    versions = {scorer_folder("key", "fan", str(i)): f"v{i}" for i in range(0, len(sizes), 2)}
    tasks = tasks_of(whole, workers, versions)
    ids = [clip_id for task in tasks for clip_id in task.clips["clip_id"].to_pylist()]
    assert sorted(ids) == sorted(whole.clips["clip_id"].to_pylist())
    machines = [machine for task in tasks for machine in task.clips["machine_id"].unique().to_pylist()]
    assert len(machines) == len(set(machines)) == len(sizes)
    assert [task.part for task in tasks] == list(range(len(tasks)))
    merged_versions = [pair for task in tasks for pair in task.versions.items()]
    merged_transient = [pair for task in tasks for pair in task.transient.items()]
    assert sorted(merged_versions) == sorted(versions.items())
    assert sorted(merged_transient) == sorted(whole.transient.items())
    for task in tasks:
        assert set(task.transient) <= set(task.clips["clip_id"].to_pylist())


def test_a_task_is_no_larger_than_a_reducer_holds_however_few_workers_there_are():
    tasks = tasks_of(embedded([100] * 50), 1, {})
    assert max(len(task.clips) for task in tasks) <= GROUP_ROWS + 100
    assert len(tasks_of(embedded([100] * 50), 4, {})) > len(tasks)
