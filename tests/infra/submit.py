"""Every job of infra/kubernetes, handed to a cluster on this computer: `python -m tests.infra.submit`.

A head that only schedules and two workers run as processes of their own and ask for a token, as KubeRay's pods do. The
commands are the ones that the manifests name, with a small simulated archive in place of the plant's. It takes some
minutes and prints how long each job took.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.infra.local_cluster import local_cluster
from tests.infra.manifests import overlay

ARCHIVE = ["--machines-per-type", "1", "--nights", "4", "--seconds", "2", "--clips-per-night", "8"]
# Jobs in the order in which each finds what it needs; what is added only makes them small.
JOBS = {
    "fit": [],
    "nightly": [],
    "caption": ["--captioner", "acoustic", "--ask-again"],
    "backfill-captions": ["--captioner", "acoustic", "--ask-again"],
    "tune": ["--search", "random", "--settings", "2"],
    "train": ["--set", "training.epochs=1"],
    "refit": [],  # by the clock
}


def commands(archive):
    """Job → the words of its command, for an archive whose first three nights were normal."""
    found = {}
    for one in overlay("overlays/prod/jobs"):
        words = one["spec"]["entrypoint"].split()
        for option, date in (("--since", "2026-11-01"), ("--until", "2026-11-03")):
            if option in words:
                words[words.index(option) + 1] = date
        if words[1] == "backfill-captions":
            words[words.index("--until") + 1] = "2026-11-04"
        found[words[1]] = [str(archive) if word == "/recordings" else word for word in words]
    (refit,) = [one for one in overlay("overlays/prod") if one["metadata"]["name"] == "asd-refit"]
    return {**found, "refit": refit["spec"]["jobTemplate"]["entrypoint"].split()}


def simulated(folder):
    """A small archive in a folder; gives its address."""
    archive = Path(folder) / "recordings"
    make = [sys.executable, "-m", "jobs.main", "simulate", str(archive), "--first-date", "2026-11-01", *ARCHIVE]
    subprocess.run(make, check=True, capture_output=True)
    return archive


def submitted(cluster, archive):
    """Job → (exit code, what it printed, seconds), for every job one after the other."""
    known = commands(archive)
    assert set(known) == set(JOBS), "a job that no cluster has run"
    for name, more in JOBS.items():
        start = time.monotonic()
        code, said = cluster.submit(*known[name], *more)
        yield name, code, said, time.monotonic() - start


def main():
    with tempfile.TemporaryDirectory(prefix="asd-submit-") as folder:
        archive = simulated(folder)
        with local_cluster(ASD_STORE=f"{folder}/store", ASD_RECIPE="twfr-gmm") as cluster:
            start = time.monotonic()
            cluster.start_head()
            cluster.start_worker("first")
            cluster.start_worker("second")
            print(f"head and two workers: {time.monotonic() - start:.0f} s", flush=True)
            for name, code, said, seconds in submitted(cluster, archive):
                print(f"{name}: exit code {code}, {seconds:.0f} s", flush=True)
                if code:
                    print(said)


if __name__ == "__main__":
    main()
