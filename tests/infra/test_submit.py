import pytest

from tests.infra.local_cluster import local_cluster
from tests.infra.submit import JOBS, simulated, submitted

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

ENCODER = '''"""A loudness of one number."""
import numpy as np


class Loudness:
    sample_rate = 16_000

    def __init__(self, device="cpu"):
        self.embedding_dim, self.fingerprint = 2, "loudness-1"

    def embed(self, waveforms):
        loud = np.sqrt((waveforms**2).mean(axis=1))
        return np.stack([loud, np.abs(waveforms).max(axis=1)], axis=1).astype(np.float32)
'''
RECIPE = '[encoder]\nkind = "own_loudness:Loudness"\n\n[detector]\nkind = "memory_bank"\nk = 1\n'


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return simulated(tmp_path_factory.mktemp("plant"))


@pytest.fixture(scope="module")
def cluster(archive):
    with local_cluster(ASD_STORE=f"{archive.parent}/store", ASD_RECIPE="twfr-gmm") as cluster:
        cluster.start_head()
        cluster.start_worker("first")
        cluster.start_worker("second")
        yield cluster


def test_every_job_of_the_manifests_runs_on_a_cluster_that_asks_for_a_token(cluster, archive):
    codes = {}
    for name, code, said, _ in submitted(cluster, archive):
        assert code == 0, said
        codes[name] = code
    assert set(codes) == set(JOBS)


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_nobody_submits_without_the_token(cluster, token):
    variables = {**cluster.variables, "RAY_AUTH_TOKEN": token}
    done = cluster.ray("job", "submit", "--address", cluster.jobs, "--", "asd", "recipes", variables=variables)
    assert done.returncode != 0 and "twfr-gmm" not in done.stdout


def test_a_class_of_ones_own_goes_along_with_the_folder_that_is_submitted(cluster, archive, tmp_path):
    (tmp_path / "own_loudness.py").write_text(ENCODER)
    (tmp_path / "own.toml").write_text(RECIPE)
    job = ["asd", "fit", archive, "--recipe", "own.toml", "--until", "2026-11-03", "--ray-address", "auto", "--json"]
    options = ["--address", cluster.jobs, "--working-dir", tmp_path]
    done = cluster.ray("job", "submit", *options, "--", *job, timeout=600)
    assert done.returncode == 0 and '"fitted"' in done.stdout, done.stdout + done.stderr


def test_a_job_that_fails_says_why_and_has_an_exit_code(cluster, tmp_path):
    code, said = cluster.submit("asd", "nightly", str(tmp_path / "nowhere"), "--ray-address", "auto")
    assert code != 0 and "Error: no such folder, or nothing in it" in said
