import subprocess
import sys

import numpy as np
import pytest

import asd_core
from asd_core.store.tables import embedding_matrix
from tests.fleet import NIGHTS, clip_path, write_fleet, write_wav


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    """A store with two scored nights of two fans, and all clips of the archive; one of them is broken."""
    root = tmp_path_factory.mktemp("notebook")
    archive = write_fleet(root / "archive")
    clip_path(archive, "01", NIGHTS[2], 0).write_bytes(b"")
    clips = asd_core.list_clips(str(archive))
    asd_core.fit(str(root / "store"), "twfr-knn", asd_core.select(clips, until=NIGHTS[1]))
    asd_core.score(str(root / "store"), "twfr-knn", asd_core.select(clips, date=NIGHTS[2]))
    return str(root / "store"), clips


def test_embeddings_come_in_the_order_of_the_clips_and_errors_stay_among_them(plant):
    store, clips = plant
    backwards = clips.take(np.arange(len(clips))[::-1])
    rows = asd_core.embed(store, "twfr-knn", backwards)
    assert rows["clip_id"].to_pylist() == backwards["clip_id"].to_pylist()
    assert rows["embedding"].null_count == 1 and set(rows["error_reason"].drop_null().to_pylist()) == {"empty"}


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


def test_every_public_name_is_there_and_no_other():
    assert all(getattr(asd_core, name) is not None for name in asd_core.__all__)
    assert dir(asd_core) == asd_core.__all__
    with pytest.raises(AttributeError, match="has no attribute 'nightely'"):
        asd_core.nightely  # noqa: B018


def test_importing_the_package_loads_nothing_that_a_worker_does_not_need():
    line = "import sys, asd_core.audio.decoding; print('asd_core.notebook' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["False", "False"]
