"""Ray sessions: a local one, or one on a running cluster."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from asd_core.errors import AsdError

_ONE_THREAD = {
    name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
}


@contextmanager
def session(address: str | None = None, cpus: int | None = None) -> Iterator[None]:
    """Start a local Ray, or join the cluster at an address, and leave it at the end.

    Args:
        address: ``auto``, ``ray://host:port`` or ``host:port``; None takes the environment's RAY_ADDRESS, and without
            that starts a local Ray, whatever other one runs.
        cpus: of the local Ray; None takes all of the machine.

    Raises:
        AsdError: the cluster cannot be joined.
    """
    # Ray reads these when it is imported. They silence remarks that are for Ray's developers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    import ray

    address = address or os.environ.get("RAY_ADDRESS") or "local"
    inherited, options = dict[str, str](), dict[str, Any]()
    if address == "local":
        # Processes of a local Ray inherit this: a runtime environment would keep the first workers waiting for a second
        # and a half. They can import all that the driver can, a user's own encoder too.
        inherited = {**_ONE_THREAD, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        options = {"num_cpus": cpus, "include_dashboard": False}
    else:
        _knock(address)
        options = {"runtime_env": {"env_vars": _ONE_THREAD, **_checkout()}}
    try:
        with _stderr_closed(), _sigterm_kept(), environment(inherited):
            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **options)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise AsdError(
            f"cannot start or join Ray at {address}: {first[0]}; try --local, or another --ray-address"
        ) from error
    try:
        yield
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Refuse a cluster that does not answer now; Ray itself would try for two minutes."""
    host, colon, port = address.rpartition("://")[2].rpartition(":")
    if not colon or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
    except (OSError, OverflowError) as error:
        raise AsdError(
            f"no Ray answers at {address}: {error}; start it, name another --ray-address, or leave it out"
        ) from error


@contextmanager
def environment(given: Mapping[str, str]) -> Iterator[None]:
    """Set these variables in the environment while the block runs."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _sigterm_kept() -> Iterator[None]:
    """Keep our handler of SIGTERM: Ray's own would end a command with a code that says nothing."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if handler is not None and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, handler)


@contextmanager
def _stderr_closed() -> Iterator[None]:
    """Silence stderr, where Ray's native part writes past every logger; its errors arrive as exceptions."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _checkout() -> dict[str, list[str]]:
    """Ray's option for the package folders of a source checkout, which must be sent to a cluster; {} if installed."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "pyproject.toml").exists():
        return {}
    return {"py_modules": [str(root / name) for name in ("asd_core", "cluster", "jobs")]}
