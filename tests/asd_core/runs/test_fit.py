import pytest

from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.runs.embed import stored_clips
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, clip_path, fitted, listed, write_fleet, write_wav


def test_a_machine_that_cannot_be_fitted_stops_no_other(tmp_path):
    archive = write_fleet(tmp_path / "archive", dates=NIGHTS[:1])
    write_wav(clip_path(archive, "one clip", NIGHTS[0], 0), seed=1)
    for number in range(4):
        write_wav(clip_path(archive, "same", NIGHTS[0], number), seed=1)
    clip_path(archive, "broken", NIGHTS[0], 0).parent.mkdir(parents=True)
    clip_path(archive, "broken", NIGHTS[0], 0).write_bytes(b"")
    store = Store(LocalFiles(tmp_path / "store"))
    record, outcomes = fit(store, KNN, listed(archive), LocalEngine())
    said = {outcome.machine_id: (outcome.version is not None, outcome.error, outcome.notes) for outcome in outcomes}
    assert said["00"][0] and said["01"][0] and record["counts"]["machines"] == 5
    assert said["one clip"][1] == "1 normal clip of fan one clip: at least 2 are needed; record more"
    assert said["broken"][1] == "none of 1 normal clips can be used"
    assert said["same"][1] or said["same"][2], "identical clips pass without a word"


def test_recipes_that_differ_in_the_detector_share_embeddings_and_nothing_else(tmp_path):
    archive, store = fitted(tmp_path)
    other = KNN.with_settings({"detector.k": 1})
    record, _ = fit(store, other, listed(archive, until=NIGHTS[1]), LocalEngine())
    assert record["counts"]["decoded"] == 0
    folders = {scorer_folder(key, "fan", machine) for key in (KNN.key(), other.key()) for machine in ("00", "01")}
    assert newest_versions(store, KNN.key()).keys() | newest_versions(store, other.key()).keys() == folders


def test_a_machine_type_with_an_encoder_of_its_own_is_scored_with_it(tmp_path):
    recipe = KNN.with_settings({})
    recipe = type(recipe)("mine", {**KNN.settings, "machine": {"pump": {"encoder.r": 0.5}}})
    archive = write_fleet(tmp_path / "archive", machines=["00"])
    for number in range(6):
        write_wav(clip_path(archive, "00", NIGHTS[0], number, "pump"), seed=number)
    store = Store(LocalFiles(tmp_path / "store"))
    record, _ = fit(store, recipe, listed(archive, until=NIGHTS[1]), LocalEngine())
    scored = score(store, recipe, listed(archive), LocalEngine())
    assert len(set(record["fingerprints"].values())) == 2
    assert scored["counts"]["scored"] == 18
    with pytest.raises(AsdError, match="several encoders, so stored clips are ambiguous"):
        stored_clips(store, recipe)
