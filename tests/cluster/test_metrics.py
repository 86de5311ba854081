"""Metrics on Ray; `test_nightly.py` scrapes those of a night."""

import json
import os
import subprocess
import sys

import pytest

from asd_core.metrics.recorder import Counts
from asd_core.pipeline.engine import LocalEngine
from asd_core.runs.score import score
from cluster.metrics import RayMetrics
from tests.cluster.kills import Nodes
from tests.cluster.scraping import assert_agrees, samples, scraped, until
from tests.fleet import KNN, NIGHTS, clip_path, fitted, listed
from tests.infra.ray_metrics import SEEN

RUN = {"command": "nightly", "recipe": "twfr-knn"}


def test_what_is_counted_before_ray_starts_is_told_once_it_runs(ray_session):
    import ray

    counts = Counts("nightly", "early", "")
    counts.add("asd_clip_errors_total", 2, stage="score", reason="empty")
    counts.add("asd_new_alarms_total", 0)  # which Ray would refuse
    with RayMetrics(counts.labels) as exported, counts.passed_on(exported):
        found = until(bool, lambda: scraped(ray.nodes(), recipe="early"))
    assert found == {("asd_clip_errors_total", "score", "empty"): 2}


def test_rays_own_metrics_that_the_dashboard_names_are_in_a_scrape(ray_session):
    import ray

    assert ray.get(ray.remote(lambda: 1).remote()) == 1  # a task to count
    labels = until(
        lambda found: found.keys() >= SEEN.keys(),
        lambda: {one.name: set(one.labels) for one in samples(ray.nodes()) if one.name in SEEN},
    )
    assert {name: used <= labels.get(name, set()) for name, used in SEEN.items()} == dict.fromkeys(SEEN, True)


NODES = """
import json, sys
from cluster.session import session
with session(sys.argv[1]):
    import ray
    names = ("NodeManagerAddress", "MetricsExportPort")
    print(json.dumps([{name: node[name] for name in names} for node in ray.nodes()]))
"""


def python(code, *arguments):
    """Run a few lines in a process of their own, which has left its Ray when it ends."""
    line = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        line, capture_output=True, text=True, timeout=300, env=os.environ | {"PYTHONPATH": os.getcwd()}
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.slow
def test_a_command_on_a_cluster_leaves_its_counts_with_the_agent(tmp_path):
    archive, store = fitted(tmp_path)
    clip_path(archive, "00", NIGHTS[2], 0).write_bytes(b"")
    line = ["nightly", archive, "--recipe", "twfr-knn", "--store", tmp_path / "store", "--no-captions", "--json"]
    with Nodes(head=2, workers=()) as nodes:
        said = python("from jobs.main import main; main()", *line, "--ray-address", nodes.address, "--log-format=json")
        assert '"ray_job": "' in said.stderr
        found = scraped(json.loads(python(NODES, nodes.address).stdout), **RUN)
    record = score(store, KNN, listed(archive, date=NIGHTS[2]), LocalEngine(), job="nightly")
    assert record["already_complete"]
    found["asd_shards_left",] = found.get(("asd_shards_left",), 0)  # a gauge goes soon after the command
    assert_agrees(found, record["counts"] | {"decoded": 8})
