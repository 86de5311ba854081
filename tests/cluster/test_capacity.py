import subprocess
import sys

import pytest

from asd_core.errors import UsageError
from cluster.capacity import coming, grown
from tests.infra.local_cluster import growing, local_cluster


def test_a_cluster_is_what_it_has_where_nobody_names_its_largest_size():
    assert grown({"CPU": 2.0, "memory": 7.0}, {}) == {"CPU": 2.0, "memory": 7.0}
    assert coming({"ASD_CLUSTER_CPUS": ""}) == []


@pytest.mark.parametrize("present", [{}, {"CPU": 2.0}, {"CPU": 32.0}])
def test_work_is_asked_for_as_if_the_largest_size_were_there(present):
    variables = {"ASD_CLUSTER_CPUS": "16", "ASD_CLUSTER_GPUS": "2"}
    assert grown(present, variables) == {"CPU": max(16.0, present.get("CPU", 0.0)), "GPU": 2.0}
    assert coming(variables) == [{"CPU": 16.0, "GPU": 2.0}]


@pytest.mark.parametrize("text", ["many", "-1", "nan", "inf"])
def test_a_size_that_is_no_number_is_refused_with_its_variable(text):
    with pytest.raises(UsageError, match=f"ASD_CLUSTER_CPUS={text}: "):
        grown({}, {"ASD_CLUSTER_CPUS": text})


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_night_wakes_a_sleeping_cluster_up(tmp_path):
    asd = [sys.executable, "-m", "jobs.main"]
    archive, places = str(tmp_path / "archive"), ["--recipe", "twfr-gmm", "--store", str(tmp_path / "store")]
    make = ["--machines-per-type", "1", "--nights", "3", "--seconds", "2", "--first-date", "2026-11-01"]
    subprocess.run([*asd, "simulate", archive, *make], check=True, capture_output=True)
    jobs = (["fit", archive, "--since", "2026-11-01", "--until", "2026-11-02"], ["nightly", archive])
    with local_cluster(ASD_CLUSTER_CPUS="2") as cluster:
        growing(cluster, {"cpu": ({"CPU": 1}, 2)})
        for job in jobs:
            command = [*asd, *job, *places, "--ray-address", cluster.address]
            done = subprocess.run(command, env=cluster.variables, capture_output=True, text=True, timeout=600)
            assert done.returncode == 0, done.stderr
        nodes = cluster.ray("list", "nodes", "--address", cluster.jobs, "--format", "json")
        assert nodes.stdout.count('"state": "ALIVE"') == 3, nodes.stdout + nodes.stderr
