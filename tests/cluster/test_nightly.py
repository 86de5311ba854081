import shutil

import numpy as np
import pyarrow.compute as pc
import pytest
import ray
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.errors import AsdError
from asd_core.pipeline.engine import LocalEngine
from asd_core.pipeline.measured_engine import MeasuredEngine
from asd_core.recipe.recipe import load_recipe
from asd_core.runs.fit import fit
from asd_core.runs.nightly import nightly
from asd_core.runs.report import report_night
from asd_core.runs.score import score
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from cluster.engine import RayEngine
from cluster.metrics import RayMetrics
from cluster.resources import Resources
from jobs.run_log import RunLog
from jobs.run_metrics import RunMetrics
from tests.cluster.scraping import assert_agrees, scraped, until
from tests.fleet import KNN, NIGHTS, by_uri, clip_path, fitted, listed, write_fleet


def store_in(folder):
    return Store(LocalFiles(folder))


@pytest.mark.parametrize("decode", ["in-encoder", pytest.param("tasks", marks=pytest.mark.slow)])
def test_a_night_on_ray_gives_the_rows_of_one_process_to_the_bit_and_metrics_as_its_record(
    ray_session, tmp_path, decode
):
    archive, local = fitted(tmp_path)
    clip_path(archive, "00", NIGHTS[2], 0).write_bytes(b"")
    write_fleet(archive, machines=["new"], dates=[NIGHTS[2]])
    store, engine = store_in(tmp_path / "ray"), RayEngine(Resources(decode=decode))
    fit(store, KNN, listed(archive, until=NIGHTS[1]), engine)
    metrics = RunMetrics("nightly", f"scraped-{decode}", None, RunLog())
    with RayMetrics(metrics.counts.labels) as exported, metrics.counts.passed_on(exported):
        measured = MeasuredEngine(engine, metrics.counts)
        records = [
            score(place, KNN, listed(archive, date=NIGHTS[2]), each)
            for place, each in [(local, LocalEngine()), (store, measured)]
        ]
        metrics.night(records[1], [])
        found = until(
            lambda found: ("asd_nights_total",) in found,
            lambda: scraped(ray.nodes(), command="nightly", recipe=f"scraped-{decode}"),
        )
    assert_agrees(found, records[1]["counts"])
    assert records[0]["counts"] == records[1]["counts"]
    assert records[0]["counts"]["errors_by_reason"] == {"empty": 1, "no_scorer": 4}
    assert by_uri(local.read_scores(records[0])) == by_uri(store.read_scores(records[1]))
    assert records[0]["run_id"] == records[1]["run_id"]


def test_a_run_begun_here_is_complete_on_ray(ray_session, tmp_path):
    archive, store = fitted(tmp_path)
    first = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine())
    assert not first["already_complete"]
    assert score(store, KNN, listed(archive, date=NIGHTS[2]), RayEngine())["already_complete"]


def test_a_report_made_on_ray_is_that_of_one_process(ray_session, tmp_path):
    archive, store = fitted(tmp_path)
    score(store, KNN, listed(archive, date=NIGHTS[2]), RayEngine())
    page = report_night(store, KNN, None, map_function=RayEngine().map)
    made_on_ray = store.files.read(page)
    report_night(store, KNN, None)
    assert store.files.read(page) == made_on_ray


def test_what_stops_a_worker_is_one_line_here(ray_session, tmp_path):
    archive, store = fitted(tmp_path)
    for path in (tmp_path / "store/scorers").rglob("*.npz"):
        path.write_bytes(b"broken")
    with pytest.raises(AsdError, match="has changed since: remove that folder and run asd fit again") as refused:
        score(store, KNN, listed(archive, date=NIGHTS[2]), RayEngine())
    assert "\n" not in str(refused.value)
    assert len(store.scores(KNN.key())) == 0


@pytest.mark.slow
def test_real_clips_of_one_machine_that_can_be_fitted_and_22_that_cannot(ray_session, real_data, tmp_path):
    clips = list_archive(str(real_data / "dcase2020_task2_dev_subset")).clips
    recipe = load_recipe("twfr-gmm")
    rows = []
    for name, engine in {"ray": RayEngine(), "local": LocalEngine()}.items():
        store = store_in(tmp_path / name)
        _, outcomes = fit(store, recipe, clips.filter(pc.equal(clips["split"], "train")), engine)
        record = score(store, recipe, clips.filter(pc.equal(clips["split"], "test")), engine, job="nightly")
        assert [(outcome.machine_type, outcome.machine_id) for outcome in outcomes] == [("slider", "00")]
        assert record["counts"] | {"flagged": 0, "warnings": 0} == {
            "listed": 93,
            "scored": 4,
            "errors": 89,
            "errors_by_reason": {"no_scorer": 89},
            "embedded": 93,
            "decoded": 93,
            "flagged": 0,
            "warnings": 0,
        }
        rows.append(by_uri(store.read_scores(record)))
    assert rows[0] == rows[1]
    scored = {(r["machine_type"], r["machine_id"]) for r in rows[0].values() if r["anomaly_score"] is not None}
    said = [row["error"] for row in rows[0].values() if row["error"]]
    assert scored == {("slider", "00")}
    assert len(said) == 89 and all(text.startswith("no scorer for ") for text in said)


def test_captions_that_overlap_with_scoring_on_ray_are_those_of_one_process(ray_session, tmp_path):
    archive, local = fitted(tmp_path)
    soundfile.write(clip_path(archive, "00", NIGHTS[2], 0), 0.3 * np.sin(np.arange(16_000) / 3), 16_000)
    shutil.copytree(tmp_path / "store", tmp_path / "ray")
    rows = []
    for store, engine in [(local, LocalEngine()), (store_in(tmp_path / "ray"), RayEngine())]:
        night = nightly(store, KNN, listed(archive, date=NIGHTS[2]), engine, writes_reports=False)
        assert night.captions["captioned"] == night.record["counts"]["flagged"] > 0
        rows.append(store.captions(KNN.key()).to_pylist())
    assert rows[0] == rows[1]
