"""Ray sessions: a local one, or one on a running cluster."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.interrupts import interrupts_end_it
from asd_core.pipeline.worker_processes import ONE_THREAD, environment

# Ray would start a worker for each CPU before it lets a driver in, and waits for ever where one of these dies or takes
# longer than a minute (ray-project/ray issue 40131). Workers start when tasks ask for them.
_NO_FIRST_WORKERS = {"RAY_prestart_worker_first_driver": "0"}


@contextmanager
def session(
    address: str | None = None, cpus: int | None = None, own_modules: Sequence[str] = (), gpus: int | None = None
) -> Iterator[None]:
    """Start a local Ray, or join the cluster at an address, and leave it at the end.

    Args:
        address: ``auto`` or ``host:port``; None takes the environment's RAY_ADDRESS, and without
            that starts a local Ray, whatever other one runs.
        cpus: of the local Ray; None takes all of the machine.
        own_modules: folders of packages and ``.py`` files that are sent to the cluster; a local Ray finds them itself.
        gpus: of the local Ray, whether or not the machine has them; None takes all of the machine.

    Raises:
        UsageError: an address of a Ray client, over which Ray Data and Ray Tune do not run.
        AsdError: Ray is not installed, does not start or cannot be joined, with Ray's own reason.
    """
    # Ray reads these when it is imported. They silence remarks that are for Ray's developers.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    address = address or os.environ.get("RAY_ADDRESS") or "local"
    if address.startswith("ray://"):
        raise UsageError(
            f"Ray at {address}: asd cannot run over a Ray client; name the cluster's host:port, or submit the command "
            "to the cluster with ray job submit"
        )
    with environment(_token() if address == "local" else {}), _mode_restored():
        _start_or_join(address, cpus, own_modules, gpus)
        try:
            yield
        finally:
            import ray

            ray.shutdown()


def _start_or_join(address: str, cpus: int | None, own_modules: Sequence[str], gpus: int | None) -> None:
    inherited, options = dict[str, str](), dict[str, Any]()
    if address == "local":
        # Processes of a local Ray inherit this: a runtime environment would keep the first workers waiting for a second
        # and a half. They can import all that the driver can, a user's own encoder too.
        inherited = {**ONE_THREAD, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)} | _NO_FIRST_WORKERS
        options = {"num_cpus": cpus, "num_gpus": gpus, "include_dashboard": False}
    else:
        _knock(address)
        options = {"runtime_env": {"env_vars": ONE_THREAD, "py_modules": [*_checkout(), *own_modules]}}
    written: list[str] = []
    try:
        with interrupts_end_it(), _stderr_kept(written), _ended_if_interrupted(), environment(inherited):
            import ray

            ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False, **options)
    except ImportError as error:
        raise AsdError(
            f"Ray cannot be imported ({error}): install asd with its dependencies, or take --engine processes"
        ) from error
    except Exception as error:  # plain Exceptions too: what Ray raises depends on where it fails
        reason = " ".join([*str(error).split(), *written[-1:]]) or type(error).__name__
        what = "start Ray on this machine" if address == "local" else f"join Ray at {address}"
        cure = "mend that, or name another address"
        if address == "local":
            folder = "give it a folder by RAY_TMPDIR" if isinstance(error, OSError) else "mend that"
            cure = f"{folder}, or take --engine processes"
        raise AsdError(f"cannot {what}: {reason}; {cure}") from error


@lru_cache(maxsize=1)
def _own_token() -> str:
    """A secret for the local Rays of this process, which keeps the first that it has used."""
    return secrets.token_hex(32)


def _token() -> dict[str, str]:
    """Variables that give a local Ray a token of its own; {} where the user has chosen one, or none.

    Ray would write one into the home folder, which may be missing, or belong to nobody that may write there.
    """
    chosen = os.environ.get("RAY_AUTH_MODE", "token").lower() != "token" or os.environ.get("RAY_AUTH_TOKEN")
    return {} if chosen else {"RAY_AUTH_TOKEN": _own_token()}


@contextmanager
def _mode_restored() -> Iterator[None]:
    """Take back what Ray sets for good when it starts: a mode that nobody chose."""
    before = os.environ.get("RAY_AUTH_MODE")
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("RAY_AUTH_MODE", None)


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
def _ended_if_interrupted() -> Iterator[None]:
    """End the processes of a Ray that was interrupted while it started: nothing else ends them."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        if "ray" in sys.modules:
            import ray

            with suppress(Exception):
                ray.shutdown()
        raise


@contextmanager
def _stderr_kept(lines: list[str]) -> Iterator[None]:
    """Keep stderr, where Ray's native part writes past every logger, from the terminal: its lines are added here."""
    sys.stderr.flush()
    shown = os.dup(2)
    with tempfile.TemporaryFile() as kept:
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(shown, 2)
            os.close(shown)
            kept.seek(0)
            lines += [line for line in kept.read().decode(errors="replace").splitlines() if line.strip()]


def _checkout() -> list[str]:
    """The package folders of a source checkout, which must be sent to a cluster; [] where asd is installed."""
    root = Path(__file__).resolve().parent.parent
    if not (root / "pyproject.toml").exists():
        return []
    return [str(root / name) for name in ("asd_core", "cluster", "jobs")]
