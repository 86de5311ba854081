"""Clips made on Ray."""

import pytest

from asd_core.pipeline.engine import LocalEngine
from asd_core.store.store import open_store
from asd_core.synthesis.generation.archive import Parts, folder_of
from asd_core.synthesis.generation.generating import make_archive
from asd_core.synthesis.generation.plan import plan_clips
from cluster.engine import RayEngine
from cluster.resources import Resources
from tests.asd_core.synthesis.generation.fakes import QUICK, NoiseSource, wanted_of

PLANNED = plan_clips(wanted_of(("fan", "00"), ("valve", "12"), clips=3), QUICK)


@pytest.mark.parametrize("gpus", [0, 1])
def test_tasks_and_actors_on_gpus_make_the_files_of_one_process(ray_session, tmp_path, gpus):
    found = []
    for name, engine in (("ray", RayEngine(Resources(gpus_per_encoder=gpus))), ("here", LocalEngine())):
        store, parts = open_store(str(tmp_path / name)), Parts("plant", "abc")
        table = make_archive(store, parts, PLANNED, QUICK, NoiseSource(), engine)
        files = sorted((tmp_path / name / folder_of("plant", "abc")).rglob("*.wav"))
        found.append((table, [path.read_bytes() for path in files]))
    assert found[0] == found[1] and len(found[0][1]) == len(PLANNED)
