import pytest

from asd_core.pipeline.fit_types import fit_type
from asd_core.pipeline.scorer_files import load_scorer
from asd_core.pipeline.type_files import stored_lent_nights
from asd_core.pipeline.type_scorers import newest_of_types, type_folder
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.committed import FINGERPRINT, KNN, commit, task


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def test_a_type_is_fitted_to_the_clips_of_its_machines_each_left_out_for_its_unseen_scores(store):
    clips = commit(store, ["a", "b", "c"], broken=["a-2026-11-01-3"])
    found = fit_type(task(store, clips))
    assert (found.machine_type, found.clips, found.lenders, found.is_new) == ("fan", 29, 3, True)
    folder = type_folder("key", "fan")
    assert newest_of_types(store, "key") == {folder: found.version}
    scorer = load_scorer(store, folder, found.version, KNN.for_machine("fan"), FINGERPRINT)
    assert (scorer.left_out, list(scorer.lenders), scorer.p_floor) == ("machine", ["a", "b", "c"], 1 / 4)
    assert len(scorer.unseen) == len(scorer.uris) == 29
    assert stored_lent_nights(store, folder, found.version).lenders == 3
    again = fit_type(task(store, clips))
    assert (again.version, again.is_new) == (found.version, False)


def test_machines_without_a_good_clip_do_not_count(store):
    broken = [f"c-2026-11-01-{number}" for number in range(10)]
    found = fit_type(task(store, commit(store, ["a", "b", "c"], broken=broken)))
    assert (found.version, found.error) == (None, "2 machines have clips that can be used, 3 are needed")
