from importlib.metadata import requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.infra.manifests import ROOT
from tests.infra.project import CONSTRAINTS, PROJECT, pinned


def test_versions_that_must_agree_are_constrained_to_the_ones_that_the_package_pins():
    for name in ("ray", "torch", "torchaudio"):
        assert f"{name}=={pinned(name)}" in CONSTRAINTS


def test_images_hold_the_job_server_that_a_ray_job_is_submitted_to():
    assert PROJECT["optional-dependencies"]["cluster"] == [f"ray[default]=={pinned('ray')}"]
    wanted = [Requirement(line) for line in requires("ray") or []]
    server = {canonicalize_name(one.name) for one in wanted if one.marker and one.marker.evaluate({"extra": "default"})}
    assert server <= {canonicalize_name(line.partition("==")[0]) for line in CONSTRAINTS} and "grpcio" in server


def test_what_the_gpu_extra_installs_is_constrained():
    names = {line.partition("==")[0] for line in CONSTRAINTS}
    assert {"faiss-gpu", "nvidia-cublas-cu12", "nvidia-cuda-runtime-cu12", "nvidia-curand-cu12"} <= names
    assert "--shm-size" in (ROOT / "infra/Dockerfile.gpu").read_text()


@pytest.mark.parametrize(("name", "faiss"), [("cpu", "faiss-cpu"), ("gpu", "faiss-gpu")])
def test_each_image_installs_one_faiss_and_what_the_build_needs(name, faiss):
    text = (ROOT / f"infra/Dockerfile.{name}").read_text()
    assert f'".[{name},cluster]"' in text and "--constraint constraints.txt" in text
    assert [line.split(">")[0] for line in PROJECT["optional-dependencies"][name]] == [faiss]
