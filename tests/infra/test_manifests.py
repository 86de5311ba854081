import re
import shlex
import tomllib
from importlib.metadata import requires
from pathlib import Path

import click
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from jobs.main import asd

ROOT = Path(__file__).parents[2]
JOBS = {name: yaml.safe_load((ROOT / f"infra/ray-job.{name}.yaml").read_text()) for name in ("nightly", "nightly-gpu")}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pinned(name):
    (line,) = [line for line in PROJECT["dependencies"] if re.match(rf"{name}\b", line)]
    return line.partition("==")[2]


@pytest.fixture(params=JOBS)
def job(request):
    return JOBS[request.param]


def test_the_cluster_runs_the_ray_that_the_package_pins(job):
    assert job["spec"]["rayClusterSpec"]["rayVersion"] == pinned("ray")
    constraints = (ROOT / "constraints.txt").read_text()
    for name in ("ray", "torch", "torchaudio"):
        assert f"\n{name}=={pinned(name)}\n" in constraints


def test_images_hold_the_job_server_that_a_ray_job_is_submitted_to():
    assert PROJECT["optional-dependencies"]["cluster"] == [f"ray[default]=={pinned('ray')}"]
    wanted = [Requirement(line) for line in requires("ray") or []]
    server = {canonicalize_name(one.name) for one in wanted if one.marker and one.marker.evaluate({"extra": "default"})}
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert server <= {canonicalize_name(line.partition("==")[0]) for line in lines} and "grpcio" in server


def test_the_entrypoint_is_a_command_that_there_is(job):
    program, name, *arguments = shlex.split(job["spec"]["entrypoint"])
    command = asd.get_command(click.Context(asd), name)
    assert program == "asd"
    command.make_context(name, arguments)  # a usage error otherwise


def test_the_no_progress_guard_is_well_under_the_jobs_deadline(job):
    from inspect import signature

    from cluster.engine import RayEngine

    guard = signature(RayEngine).parameters["no_progress_seconds"].default
    assert 4 * guard <= job["spec"]["activeDeadlineSeconds"]


def test_head_and_workers_see_the_same_places(job):
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    specs = [group["template"]["spec"] for group in groups]
    assert all(spec["volumes"] == specs[0]["volumes"] for spec in specs)
    assert all(spec["containers"][0]["volumeMounts"] == specs[0]["containers"][0]["volumeMounts"] for spec in specs)


def test_a_worker_for_gpus_asks_for_one_and_its_encoders_for_no_more():
    (group,) = JOBS["nightly-gpu"]["spec"]["rayClusterSpec"]["workerGroupSpecs"]
    (container,) = group["template"]["spec"]["containers"]
    assert (
        container["resources"]["requests"]["nvidia.com/gpu"]
        == container["resources"]["limits"]["nvidia.com/gpu"]
        == "1"
    )
    assert container["image"] == "asd:gpu" and "--gpus 1 " in JOBS["nightly-gpu"]["spec"]["entrypoint"] + " "
    assert {"name": "shared-memory", "mountPath": "/dev/shm"} in container["volumeMounts"]


def test_what_the_gpu_extra_installs_is_constrained():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    names = {line.partition("==")[0] for line in lines}
    assert {"faiss-gpu", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12", "nvidia-curand-cu12"} <= names
    assert "--shm-size" in (ROOT / "infra/Dockerfile.gpu").read_text()


@pytest.mark.parametrize(("name", "faiss"), [("cpu", "faiss-cpu"), ("gpu", "faiss-gpu")])
def test_each_image_installs_one_faiss_and_what_the_build_needs(name, faiss):
    text = (ROOT / f"infra/Dockerfile.{name}").read_text()
    assert f'".[{name},cluster]"' in text and "--constraint constraints.txt" in text
    assert [line.split(">")[0] for line in PROJECT["optional-dependencies"][name]] == [faiss]
    for folder in ("asd_core", "cluster", "jobs"):
        assert f"COPY {folder} {folder}" in text
    for file in re.search(r"COPY (pyproject.*) \./", text)[1].split():
        assert (ROOT / file).exists()


@pytest.mark.parametrize("name", ["Dockerfile.cpu", "Dockerfile.gpu"])
def test_an_images_home_may_be_written_by_a_user_whom_it_does_not_know(name):
    lines = (ROOT / "infra" / name).read_text().splitlines()
    assert "ENV HOME=/home/asd" in lines and any("chmod 1777 /home/asd" in line for line in lines)
