import pytest

from asd_core.pipeline.fitted_nights import fitted_nights, nights_path
from asd_core.pipeline.lacking_nights import keep_lacking_nights, lacking_tasks
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.recipe.recipe import load_recipe
from tests.fleet import KNN, clip_path, files_of, fitted

SEGMENTS = load_recipe("twfr-knn").with_settings({"encoder.clip_rule": "segments", "encoder.clip_seconds": 0.25})


@pytest.mark.parametrize("recipe", [KNN, SEGMENTS])
def test_a_scorer_of_before_has_its_nights_from_stored_embeddings_as_a_fit_would_have_kept_them(tmp_path, recipe):
    archive, store = fitted(tmp_path, recipe=recipe)
    versions = newest_versions(store, recipe.key())
    table, lacking = fitted_nights(store, recipe.key(), versions)
    assert not lacking and set(table["left_out"].to_pylist()) == {"night"} and len(table) == 16
    for folder, version in versions.items():
        store.files.delete(nights_path(folder, version))
    before = files_of(store.files.root)
    clip_path(archive, "00", "2026-11-01", 0).unlink()  # no recording is read for it
    tasks = lacking_tasks(store, recipe, versions, 1)
    assert sum(map(keep_lacking_nights, tasks)) == 2
    again, lacking = fitted_nights(store, recipe.key(), versions)
    assert again.equals(table) and not lacking
    added = files_of(store.files.root).keys() - before.keys()
    assert added == {nights_path(*pair) for pair in versions.items()}


def test_scorers_whose_clips_nobody_knows_make_no_work(tmp_path):
    _, store = fitted(tmp_path)
    assert lacking_tasks(store, KNN, {}, 1) == []
    assert lacking_tasks(store, KNN, {"scorers/other": "v1"}, 1) == []
