"""A lock with a lease, so that two runs of the same thing wait for each other.

    locks/<name>/<generation>.json     who holds it, renewed while it lives

It saves work, not data: whatever two runs commit at once is the same under the same names. A holder that dies leaves
its file behind; it is passed over once its lease has run out, or at once where it was a process of this machine.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from asd_core.errors import AsdError
from asd_core.store.files import Files

LEASE_SECONDS = 60.0


def lock_name(*words: str | None) -> str:
    """A file name for what words describe: the same for the same words, whatever characters they hold."""
    return hashlib.blake2b(json.dumps(words).encode(), digest_size=12).hexdigest()


@contextmanager
def run_lock(
    files: Files,
    name: str,
    *,
    wait: bool = True,
    waiting: Callable[[str], None] = lambda holder: None,
    lease_seconds: float = LEASE_SECONDS,
) -> Iterator[None]:
    """Hold a lock for the length of the block.

    Args:
        files: the store.
        name: of what is locked; a safe file name.
        wait: wait for another holder to finish or die; False refuses instead.
        waiting: told once who is waited for.
        lease_seconds: a holder that has not renewed for so long is taken for dead.

    Raises:
        AsdError: another run holds it and ``wait`` is false.
    """
    me = {"owner": secrets.token_hex(8), "host": socket.gethostname(), "pid": os.getpid(), "born": _birth(os.getpid())}
    path = _acquire(files, name, me, wait, waiting, lease_seconds)
    stop = threading.Event()

    def renew() -> None:
        count = 0
        while not stop.wait(lease_seconds / 4):
            count += 1
            with suppress(OSError, AsdError):  # the run itself will say what is wrong with the store
                files.write(path, _record(me, count))

    renewer = threading.Thread(target=renew, name="lock", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        stop.set()
        renewer.join()
        with suppress(OSError, AsdError):
            files.delete(path)


def _acquire(
    files: Files, name: str, me: dict[str, Any], wait: bool, waiting: Callable[[str], None], lease_seconds: float
) -> str:
    seen: tuple[str, float] | None = None  # the holder's last record, and when it was first seen by our own clock
    told = False
    while True:
        held, text = _newest(files, name)
        holder = json.loads(text or "null")
        if seen is None or seen[0] != text:
            seen = (text, time.monotonic())
        if holder is None or _is_dead(holder) or time.monotonic() - seen[1] > lease_seconds:
            path = f"locks/{name}/{_generation(held) + 1:06d}.json"
            if files.write_new(path, _record(me, 0)):
                if held:
                    files.delete(held)
                return path
            continue
        who = f"process {holder['pid']} on {holder['host']}"
        if not wait:
            raise AsdError(f"{who} is at the same run: wait for it, or leave --no-wait out")
        if not told:
            waiting(who)
            told = True
        time.sleep(min(1.0, lease_seconds / 10))


def _newest(files: Files, name: str) -> tuple[str, str]:
    """Path and text of the newest generation; both are "" where there is none."""
    while infos := files.list(f"locks/{name}"):
        with suppress(FileNotFoundError):  # it was given back meanwhile
            return infos[-1].path, files.read(infos[-1].path).decode()
    return "", ""


def _generation(path: str) -> int:
    return int(path.rpartition("/")[2].removesuffix(".json") or 0)


def _record(me: dict[str, Any], renewals: int) -> bytes:
    return json.dumps({**me, "renewals": renewals}).encode()


def _is_dead(holder: dict[str, Any]) -> bool:
    """Tell if the holder was a process of this machine that has ended."""
    return bool(holder["host"] == socket.gethostname() and _birth(holder["pid"]) != holder["born"])


def _birth(pid: int) -> str:
    """When a process began, in ticks since this machine's start; "" where there is none of that number."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return f"{boot} {stat.rpartition(')')[2].split()[19]}"
