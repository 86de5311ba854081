"""One machine's refit: published with its anchor, or refused with the reason; the scorer that stays is untouched."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.fitted_nights import stored_nights
from asd_core.pipeline.machine_tasks import machine_tasks
from asd_core.pipeline.machine_updates import (
    BANK,
    COMPARED,
    FAULT,
    HELD_OUT,
    UpdateTask,
    anchored_scores,
    update_machines,
)
from asd_core.pipeline.scorer_versions import newest_heads, newest_versions
from asd_core.runs.fit import fit
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN, listed, write_fleet

DATES = [f"2026-11-{day:02d}" for day in range(1, 13)]
KEY = KNN.key()
FOLDER = f"scorers/{KEY}/fan/00"


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    root = tmp_path_factory.mktemp("refit")
    archive = write_fleet(root / "archive", ("00",), DATES, clips=4)
    store = Store(LocalFiles(root / "store"))
    fit(store, KNN, listed(archive, until=DATES[5]), LocalEngine())
    return store, listed(archive)


def update_task(store, clips, faults=()):
    """Six nights are learnt, two join, four are held out; or some of these are faults."""
    embedded = embed(store, KNN.encoders_of(clips), clips, LocalEngine())
    versions = newest_versions(store, KEY)
    (task,) = machine_tasks(store, KNN, KEY, embedded, versions, "", 1)
    parts = {}
    for clip_id, date in zip(task.clips["clip_id"].to_pylist(), task.clips["date"].to_pylist(), strict=True):
        parts[clip_id] = FAULT if date in faults else BANK if date <= DATES[7] else HELD_OUT
    return UpdateTask(task, parts, versions, {FOLDER: tuple(DATES[6:8])}, frozenset(), 4, 0.0)


def test_a_refit_is_published_with_its_anchor_or_refused_with_its_reason(plant):
    store, clips = plant
    before = newest_versions(store, KEY)
    task = update_task(store, clips, faults=DATES[9:])
    (refused,) = update_machines(task)
    assert "1 held-out normal nights are too few" in refused.refused and not refused.is_new
    assert refused.version == before[FOLDER] and newest_versions(store, KEY) == before
    (done,) = update_machines(update_task(store, clips))
    if done.is_new:  # its threshold flags what it flags
        head = newest_heads(store, KEY)[FOLDER][1]
        assert head["update"] == {"anchor": before[FOLDER], "nights": DATES[6:8]}
    assert (done.nights, done.normal_clips, done.held_out) == (2, 32, 16) and done.is_new != bool(done.refused)


def test_a_retreat_towards_the_anchor_needs_no_check(plant):
    store, clips = plant
    task = replace(update_task(store, clips, faults=DATES[8:]), retreats=frozenset([FOLDER]))
    (done,) = update_machines(task)
    assert not done.refused and done.held_out == 0


def test_new_nights_are_compared_with_watched_ones_too_though_these_are_not_learnt(plant):
    store, clips = plant
    task = replace(update_task(store, clips), joined={FOLDER: (DATES[6],)}, retreats=frozenset([FOLDER]))
    dates = dict(zip(clips["clip_id"].to_pylist(), clips["date"].to_pylist(), strict=True))
    own = {name: COMPARED if dates[name] == DATES[7] else part for name, part in task.parts.items()}
    (done,) = update_machines(replace(task, parts=own))
    rows = stored_nights(store, FOLDER, done.version)
    assert set(rows["night"].to_pylist()) == set(DATES[:8]) and set(rows["left_out"].to_pylist()) == {"night"}
    assert done.normal_clips == newest_heads(store, KEY)[FOLDER][1]["normal_clips"] == 7 * 4


def test_a_machine_that_cannot_be_refitted_keeps_its_scorer(plant):
    store, clips = plant
    task = update_task(store, clips)
    task = replace(task, parts=dict.fromkeys(task.parts, HELD_OUT))
    (done,) = update_machines(task)
    assert done.refused == "none of 0 normal clips can be used" and not done.is_new


def test_anchored_scores_are_those_of_a_scoring_run(plant):
    store, clips = plant
    own = clips.filter(pa.array([date > DATES[9] for date in clips["date"].to_pylist()]))
    rows = store.read_scores(score(store, KNN, own, LocalEngine()))
    found = anchored_scores(update_task(store, own).task)
    expected = dict(zip(rows["uri"].to_pylist(), rows["anomaly_score"].to_pylist(), strict=True))
    assert dict(zip(found["uri"].to_pylist(), found["anomaly_score"].to_pylist(), strict=True)) == expected
    assert np.isfinite(found["anomaly_score"].to_numpy()).all()
