"""The segments of a recording have the scores that made its own."""

import numpy as np
import pytest
import soundfile

from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.serving.clip_view import clip_view
from asd_core.serving.scored_clips import ScoredClips
from asd_core.serving.segment_course import segment_course
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, NIGHTS, clip_path, listed, write_fleet

RECIPE = KNN.with_settings({"encoder.clip_rule": "segments", "encoder.clip_seconds": 1.0})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A fan whose last recording squeals in its fourth and fifth second of six."""
    root = tmp_path_factory.mktemp("segments")
    archive = write_fleet(root / "archive", ("00",), NIGHTS, clips=3)
    noise = np.random.default_rng(0).normal(0, 0.1, 6 * 16_000)
    noise[3 * 16_000 : 5 * 16_000] += 0.5 * np.sin(np.arange(2 * 16_000) * 2 * np.pi * 1000 / 16_000)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), noise, 16_000)
    store = Store(LocalFiles(root / "store"))
    fit(store, RECIPE, listed(archive, until=NIGHTS[1]), LocalEngine())
    score(store, RECIPE, listed(archive, date=NIGHTS[2]), LocalEngine())
    return store


def found(store, number):
    (row,) = (row for row in store.scores(RECIPE.key()).to_pylist() if row["uri"].endswith(f"{number:02d}.wav"))
    return ScoredClips(store).find(row["clip_id"])


def test_the_highest_score_of_the_segments_is_that_of_the_recording(store):
    clip = found(store, 0)
    course = segment_course(store, clip, RECIPE)
    assert [one.start for one in course] == [0, 1, 2, 3, 4, 5]
    worst = max(course, key=lambda one: one.score)
    assert (worst.score, worst.start) == (clip.row["anomaly_score"], clip.row["segment_start"])
    assert [one.is_above for one in course] == [one.score > clip.row["decision_threshold"] for one in course]
    assert {3, 4} <= {one.start for one in course if one.is_above} and worst.start in (3, 4)


def test_the_page_marks_the_parts_above_the_threshold(store):
    course = segment_course(store, found(store, 0), RECIPE)
    view = clip_view(store, found(store, 0), None, course=course)
    assert [part.at for part in view.parts] == [0, 1, 2, 3, 4, 5]
    assert [part.is_above for part in view.parts] == [one.is_above for one in course] and any(
        part.is_above for part in view.parts
    )


def test_one_segment_and_files_that_are_gone_have_no_course(store, tmp_path):
    assert segment_course(store, found(store, 1), RECIPE) == ()
    clip, empty = found(store, 0), Store(LocalFiles(tmp_path))
    assert segment_course(empty, clip, RECIPE) == () and segment_course(store, clip, None) == ()
