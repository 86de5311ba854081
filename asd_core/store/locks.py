"""A lock with a lease, so that two runs of the same thing wait for each other.

    locks/<name>/<generation>.json     who holds it, renewed while it lives

Of runs it saves work, not data: whatever two runs commit at once is the same under the same names. It keeps apart the
few who rewrite a file that others rewrite too (docs/architecture.md lists them). A holder that dies leaves its file
behind; it is passed over once its lease has run out, or at once where it was a process of this machine. A lease runs by
the clock of who waits, from when it saw the holder's last record: no clock that is wrong makes it longer.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import re
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asd_core.errors import AsdError, BusyError
from asd_core.store.files import FileInfo, Files

LEASE_SECONDS = 60.0
_LEFTOVER_LEASES = 5  # after which a file that is still being written belongs to nobody who lives
_LOCK = re.compile(r"[0-9]{1,9}\.json")
_WORDS = {"owner": str, "host": str, "pid": int, "born": str}


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
    work: str = "",
) -> Iterator[None]:
    """Hold a lock for the length of the block.

    Args:
        files: the store.
        name: of what is locked; a safe file name.
        wait: wait for another holder to finish or die; False refuses instead.
        waiting: told once who is waited for.
        lease_seconds: a holder that has not renewed for so long is taken for dead.
        work: that it is held for, in words for people who look at the locks.

    Raises:
        BusyError: another run holds it and ``wait`` is false.
    """
    me = {"owner": secrets.token_hex(8), "host": socket.gethostname(), "pid": os.getpid(), "born": _birth(os.getpid())}
    me |= {"work": work, "since": _clock()}
    path = _acquire(files, name, me, wait, waiting, lease_seconds)
    stop = threading.Event()

    def renew() -> None:
        count = 0
        while not stop.wait(lease_seconds / 4):
            count += 1
            with suppress(OSError, AsdError):  # the run itself will say what is wrong with the store
                files.write(path, _record(me, count))

    files.remove_leftovers(_LEFTOVER_LEASES * LEASE_SECONDS)
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
    told, pause = False, lease_seconds / 1000
    while True:
        generation, text = _newest(files, name)
        holder = holder_in(text)
        if seen is None or seen[0] != text:
            seen = (text, time.monotonic())
        if holder is None or is_dead(holder) or time.monotonic() - seen[1] > lease_seconds:
            path = f"locks/{name}/{generation + 1:06d}.json"
            if _is_taken(files, path, me) and _passes_over_all_others(files, name, path, text):
                return path
            time.sleep(random.uniform(0, pause))
            continue
        who = f"process {holder['pid']} on {holder['host']}"
        if not wait:
            raise BusyError(f"{who} is at the same run: wait for it, or leave --no-wait out")
        if not told:
            waiting(who)
            told = True
        time.sleep(pause := min(2 * pause, 1.0, lease_seconds / 10))


def _is_taken(files: Files, path: str, me: Mapping[str, Any]) -> bool:
    """Try to be the one who writes a lock's file; one's own is known by its owner, where the answer was lost."""
    try:
        return files.write_new(path, _record(me, 0)) or _is_own(files, path, me)
    except AsdError:
        with suppress(OSError, AsdError):  # nobody is to wait for a run that ends here
            if _is_own(files, path, me):
                files.delete(path)
        raise


def _is_own(files: Files, path: str, me: Mapping[str, Any]) -> bool:
    holder = holder_in(_text(files, path))
    return holder is not None and holder["owner"] == me["owner"]


def _passes_over_all_others(files: Files, name: str, path: str, passed: str) -> bool:
    """Remove the files of holders that are passed over; where another one is found, give back one's own instead.

    Between looking and taking, others may have come and gone, so that generations begin anew.
    """
    others = [info.path for info in _generations(files, name) if info.path != path]
    for other in others:
        text = _text(files, other)
        holder = holder_in(text)
        if holder is not None and text != passed and not is_dead(holder):
            files.delete(path)
            return False
    for other in others:
        files.delete(other)
    return True


def _newest(files: Files, name: str) -> tuple[int, str]:
    """Number and text of the newest generation; 0 and "" where there is none."""
    infos = _generations(files, name)
    return (_generation(infos[-1]), _text(files, infos[-1].path)) if infos else (0, "")


def _generations(files: Files, name: str) -> list[FileInfo]:
    """The files of a lock, the newest last; other files in its folder are no locks."""
    found = [info for info in files.list(f"locks/{name}") if is_lock(info.path)]
    return sorted(found, key=_generation)


def is_lock(path: str) -> bool:
    """Tell if a path is that of a lock's file."""
    return _LOCK.fullmatch(path.rpartition("/")[2]) is not None


def _generation(info: FileInfo) -> int:
    return int(info.path.rpartition("/")[2].removesuffix(".json"))


def _text(files: Files, path: str) -> str:
    """The text of a lock's file; "" where it was given back meanwhile, or is nothing that can hold a text."""
    try:
        return files.read(path).decode(errors="replace")
    except OSError as error:
        if isinstance(error, FileNotFoundError) or error.errno in (errno.EINVAL, errno.ENXIO):
            return ""
        raise


def holder_in(text: str) -> dict[str, Any] | None:
    """The holder that a lock's file tells; None where it tells none: a lock is written whole, so it is no lock."""
    try:
        holder = json.loads(text)
        if all(isinstance(holder[word], kind) for word, kind in _WORDS.items()):
            return dict(holder)
    except (ValueError, TypeError, KeyError, RecursionError):
        pass
    return None


def _record(me: Mapping[str, Any], renewals: int) -> bytes:
    return json.dumps({**me, "renewals": renewals, "renewed_at": _clock()}).encode()


def _clock() -> str:
    """The time here, for people: no lease depends on it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_dead(holder: dict[str, Any]) -> bool:
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
