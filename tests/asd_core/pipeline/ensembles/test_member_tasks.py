import pyarrow.compute as pc

from asd_core.pipeline.engine import LocalEngine, no_progress
from asd_core.pipeline.ensembles.member_tasks import clips_of_member, embed_members, with_members
from asd_core.pipeline.machine_tasks import machine_tasks
from tests.asd_core.pipeline.ensembles.members import fused
from tests.fleet import fitted, listed


def test_members_of_one_encoder_decode_once_and_every_task_has_the_same_clips(tmp_path):
    archive, store = fitted(tmp_path)
    clips, recipe = listed(archive), fused()
    embedded, members = embed_members(store, recipe, clips, LocalEngine(), no_progress)
    assert embedded.decoded == 8  # of the third night, for both members
    tasks = machine_tasks(store, recipe, recipe.key(), embedded, {}, "run", workers=4)
    found = with_members(tasks, recipe, members)
    assert len(found) == len(tasks) > 1
    for task in found:
        expected = sorted(task.task.clips["clip_id"].to_pylist())
        assert [sorted(own.clips["clip_id"].to_pylist()) for own in task.members.values()] == [expected] * 2
        assert all(pc.all(own.clips["shard"].is_valid()).as_py() for own in task.members.values())


def test_a_member_that_hears_recordings_takes_the_clips_as_they_are(tmp_path):
    archive, store = fitted(tmp_path)
    clips = listed(archive)
    assert clips_of_member(store, fused().members["near"], clips) is clips
