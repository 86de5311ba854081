import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from asd_core.errors import AsdError, UsageError
from cluster.session import _token, session
from tests.cluster.kills import Nodes


def test_a_cluster_that_is_not_there_is_said_at_once_in_one_line():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    start = time.monotonic()
    with pytest.raises(AsdError, match=f"no Ray answers at {address}: .*name another --ray-address") as refused:
        session(address).__enter__()
    assert time.monotonic() - start < 15 and "\n" not in str(refused.value)


def test_a_ray_client_is_refused_before_it_is_asked(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "ray://127.0.0.1:10001")
    with pytest.raises(UsageError, match="cannot run over a Ray client; name the cluster's host:port, or submit"):
        session().__enter__()


def test_the_environment_names_the_cluster_too(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(AsdError, match="no Ray answers at 127.0.0.1:1"):
        session().__enter__()


def test_a_session_leaves_signals_and_output_alone_needs_no_home_and_its_workers_find_what_the_driver_finds(tmp_path):
    (tmp_path / "only_here.py").write_text("WHERE = 'found'")
    script = """
import os, ray, signal, sys  # Ray is imported before its session, as by what uses it
from cluster.session import session
from tests.cluster.kills import processes, workers

def look():
    import os, only_here
    return only_here.WHERE, os.environ["OMP_NUM_THREADS"]

def stop(number, frame):
    print("stopped")

signal.signal(signal.SIGTERM, stop)
def first_workers():  # without any, none that dies can keep Ray from starting
    mine = {pid: name for pid, (parent, _, name) in processes().items() if parent == os.getpid()}
    return workers([pid for pid, name in mine.items() if "raylet/" in name])

with session(cpus=1):
    print(len(first_workers()))
    print(*ray.get(ray.remote(look).remote()), ray.cluster_resources()["CPU"])
    signal.raise_signal(signal.SIGTERM)
print(ray.is_initialized(), os.environ.get("RAY_AUTH_MODE"), os.environ.get("RAY_AUTH_TOKEN"))
"""
    paths = os.pathsep.join([os.getcwd(), str(tmp_path)])
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RAY_AUTH_")}
    given = {"PYTHONPATH": paths, "HOME": "/dev/null", "RAY_AUTH_TOKEN_PATH": "/no/such/token"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, env=inherited | given
    )
    assert done.stdout.split() == ["0", "found", "1", "1.0", "stopped", "False", "None", "None"], done.stderr
    assert done.stderr == ""


def test_ray_of_the_tests_left_sigterm_as_it_was(ray_session):
    assert signal.getsignal(signal.SIGTERM) in (signal.SIG_DFL, signal.default_int_handler)


def test_why_ray_does_not_start_is_said_in_its_own_words_in_one_line():
    done = in_a_process("print(1)", RAY_TMPDIR="/dev/null/folder")
    last = done.stderr.strip().splitlines()[-1]
    assert "AsdError: cannot start Ray on this machine: " in last and "/dev/null" in last
    assert last.endswith("give it a folder by RAY_TMPDIR, or take --engine processes")


def test_a_mode_or_token_that_the_user_has_chosen_is_kept(monkeypatch):
    for name, value in (("RAY_AUTH_MODE", "disabled"), ("RAY_AUTH_TOKEN", "mine")):
        with monkeypatch.context() as changed:
            changed.setenv(name, value)
            assert _token() == {}
    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    monkeypatch.setenv("RAY_AUTH_MODE", "Token")
    assert len(_token()["RAY_AUTH_TOKEN"]) == 64 and _token() == _token()


def test_a_ray_that_is_not_installed_is_said_in_one_line(tmp_path):
    (tmp_path / "ray.py").write_text("raise ImportError('No module named ray')")
    done = in_a_process("print(1)", imports="", PYTHONPATH=os.pathsep.join([str(tmp_path), os.getcwd()]))
    last = done.stderr.strip().splitlines()[-1]
    assert "AsdError: Ray cannot be imported (No module named ray): install asd" in last


def test_a_module_of_ones_own_goes_along_to_a_cluster_that_lacks_it(tmp_path):
    (tmp_path / "only_of_the_driver.py").write_text("WHERE = 'sent along'")
    inner = "import ray\n    print(ray.get(ray.remote(look).remote()))"
    with Nodes(head=1, workers=()) as nodes:
        arguments = f"{nodes.address!r}, None, [{str(tmp_path / 'only_of_the_driver.py')!r}]"
        done = in_a_process(inner, arguments)
    assert done.stdout.splitlines()[0] == "sent along", done.stderr


def in_a_process(inner, arguments="cpus=1", imports="import ray", **environment):
    """A session in a process of its own, and lines within it."""
    script = f"""
import os
{imports}
from cluster.session import session
from tests.cluster.kills import processes, workers

def look():
    import only_of_the_driver
    return only_of_the_driver.WHERE

with session({arguments}):
    {inner}
"""
    given = os.environ | {"PYTHONPATH": os.getcwd()} | environment
    line = [sys.executable, "-c", script]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, env=given)
