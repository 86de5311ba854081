import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from asd_core.errors import AsdError
from cluster.session import session


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_a_cluster_that_is_not_there_is_said_at_once_in_one_line(scheme):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"{scheme}127.0.0.1:{free.getsockname()[1]}"
    start = time.monotonic()
    with pytest.raises(AsdError, match=f"no Ray answers at {address}: .*name another --ray-address") as refused:
        session(address).__enter__()
    assert time.monotonic() - start < 15 and "\n" not in str(refused.value)


def test_the_environment_names_the_cluster_too(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(AsdError, match="no Ray answers at 127.0.0.1:1"):
        session().__enter__()


def test_a_session_leaves_signals_and_output_alone_and_its_workers_find_what_the_driver_finds(tmp_path):
    (tmp_path / "only_here.py").write_text("WHERE = 'found'")
    script = """
import signal, sys
from cluster.session import session

def look():
    import os, only_here
    return only_here.WHERE, os.environ["OMP_NUM_THREADS"]

def stop(number, frame):
    print("stopped")

signal.signal(signal.SIGTERM, stop)
with session(cpus=1):
    import ray
    print(*ray.get(ray.remote(look).remote()), ray.cluster_resources()["CPU"])
    signal.raise_signal(signal.SIGTERM)
print(ray.is_initialized())
"""
    paths = os.pathsep.join([os.getcwd(), str(tmp_path)])
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": paths},
    )
    assert done.stdout.split() == ["found", "1", "1.0", "stopped", "False"], done.stderr
    assert done.stderr == ""


def test_ray_of_the_tests_left_sigterm_as_it_was(ray_session):
    assert signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, signal.default_int_handler)
