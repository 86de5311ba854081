import numpy as np

import asd_core
from asd_core.store.tables import embedding_matrix
from tests.fleet import NIGHTS, clip_path, write_wav


def test_the_nearest_clips_are_those_of_brute_force(plant):
    store, clips = plant
    fitted = asd_core.embed(store, "twfr-knn", asd_core.select(clips, until=NIGHTS[1]))
    own = fitted.filter(np.array(fitted["machine_id"].to_pylist()) == "00")
    asked = asd_core.select(clips, date=NIGHTS[2]).slice(0, 1)
    near = asd_core.nearest_clips(store, "twfr-knn", asked, k=3)
    point = embedding_matrix(asd_core.embed(store, "twfr-knn", asked)).astype(float)
    distances = np.linalg.norm(embedding_matrix(own).astype(float) - point, axis=1)
    order = np.argsort(distances)[:3]
    assert near["nearest_uri"].to_pylist() == [own["uri"][int(i)].as_py() for i in order]
    np.testing.assert_allclose(near["distance"].to_numpy(), distances[order])


def test_scores_of_a_night_hold_each_clip_once_however_often_it_was_scored(plant):
    store, clips = plant
    night = asd_core.select(clips, date=NIGHTS[2])
    asd_core.fit(store, "twfr-knn", asd_core.select(clips, date=NIGHTS[0]))
    again = asd_core.score(store, "twfr-knn", night)
    rows = asd_core.read_scores(store, "twfr-knn", NIGHTS[2])
    assert sorted(rows["uri"].to_pylist()) == sorted(night["uri"].to_pylist())
    assert set(rows["scorer_version"].drop_null().to_pylist()) == set(again["scorer_version"].drop_null().to_pylist())


def test_a_machine_without_a_scorer_has_no_neighbours(plant, tmp_path):
    write_wav(clip_path(tmp_path, "99", NIGHTS[0], 0), seed=1)
    assert len(asd_core.nearest_clips(plant[0], "twfr-knn", asd_core.list_clips(str(tmp_path)))) == 0
