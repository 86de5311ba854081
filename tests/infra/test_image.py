import os
import shlex
import shutil
import sys

import pytest

from tests.infra.image import build
from tests.infra.manifests import ROOT, overlay
from tests.infra.packages import data_files

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
NOBODIES = ["4242:0", "123456:7"]  # users without an entry anywhere; OpenShift's have the group 0


@pytest.fixture(scope="module", params=["cpu", "gpu"])
def image(request, tmp_path_factory):
    """An image built by its own steps; some 6 GB, and minutes of fetching packages."""
    if sys.platform != "linux" or os.geteuid() or not all(map(shutil.which, ("unshare", "setpriv", "chroot"))):
        pytest.skip("root on Linux is needed, with unshare, setpriv and chroot")
    folder = tmp_path_factory.mktemp("image")
    yield build(ROOT / f"infra/Dockerfile.{request.param}", folder)
    shutil.rmtree(folder)


def run(image, *command, user, **options):
    done = image.inside(command, user=user, read_only=True, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("user", NOBODIES)
def test_a_user_whom_the_image_does_not_know_runs_the_demo_on_ray_in_an_image_that_is_read_only(image, user):
    assert "Score the sound of a fleet" in run(image, *image.command, user=user)
    said = run(image, "asd", "demo", "/tmp/demo", "--cpus", "2", "--engine", "ray", user=user)
    assert "4 of 4 faulty machines are in alarm, and 0 of the others" in said


def test_libraries_find_a_name_a_home_and_a_place_for_what_they_keep(image):
    code = """
import getpass, os, pathlib, tempfile
assert getpass.getuser() == "asd" and os.path.expanduser("~") == "/home/asd" and pathlib.Path.home().is_dir()
import matplotlib.pyplot, torch, torchaudio, transformers, umap, faiss, ray
from torch._inductor.runtime.cache_dir_utils import cache_dir
cache_dir()
umap.UMAP(n_neighbors=3).fit_transform(__import__("numpy").random.default_rng(0).normal(size=(20, 4)))
"""
    run(image, "python", "-W", "ignore", "-c", code, user=NOBODIES[0])


def test_every_file_of_the_packages_is_in_the_image(image):
    code = "import asd_core, pathlib; print(pathlib.Path(asd_core.__file__).parents[1])"
    place = run(image, "python", "-c", code, user=NOBODIES[0]).strip()
    for path in data_files():
        run(image, "test", "-r", f"{place}/{path}", user=NOBODIES[0])


def test_pages_answer_as_the_deployment_starts_them(image, tmp_path):
    (deployment,) = [one for one in overlay("overlays/prod") if one["kind"] == "Deployment"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    probe = container["readinessProbe"]["httpGet"]["path"]
    (tmp_path / "token").write_text("t" * 32)
    (tmp_path / "token").chmod(0o440)
    tmp_path.chmod(0o755)
    ask = f"for second in $(seq 120); do wget -qO- http://127.0.0.1:8321{probe} && exit; sleep 1; done; exit 1"
    command = f"mkdir /tmp/store; {shlex.join(container['args'])} & {ask}"
    options = {"variables": {"ASD_STORE": "/tmp/store"}, "mounts": [(tmp_path, "/run/asd")]}
    assert "ok" in run(image, "bash", "-c", command, user=NOBODIES[0], **options)


def test_the_head_of_a_cluster_starts_as_kuberay_starts_it(image):
    start = "ulimit -n 1024; ray start --head --num-cpus=1 --port=6399 --dashboard-host=0.0.0.0 --dashboard-port=8299"
    submit = "ray job submit --address http://127.0.0.1:8299 -- asd recipes --json"
    until = f"for second in $(seq 60); do {submit} && exit; sleep 2; done; exit 1"  # its agent comes after the head
    command = f"{start} --object-store-memory=100000000 && {until}"
    settings = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "t" * 64}
    said = run(image, "bash", "-c", command, user=NOBODIES[0], variables=settings)
    assert "twfr-gmm" in said and "succeeded" in said
