"""What a process and all that descend from it use, Ray's own processes and workers too."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Memory(NamedTuple):
    """MiB in use: proportional set size, so that pages shared by processes count once."""

    processes: float  # all but shared memory
    object_store: float  # shared memory: the pages of Ray's object store that were ever touched


def memory(pid: int) -> Memory:
    """Memory that the tree under a process uses now."""
    total = shared = 0
    for one in descendants(pid):
        fields = _rollup(one)
        total += fields.get("Pss", 0)
        shared += fields.get("Pss_Shmem", 0)
    return Memory((total - shared) / 1024, shared / 1024)


def cpu_seconds(pid: int) -> float:
    """CPU time that the tree's living processes, and those that they waited for, have had."""
    ticks = sum(sum(map(int, _stat(one)[11:15])) for one in descendants(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _stat(pid: int) -> list[str]:
    """Fields from the state on; empty for a process that is gone."""
    try:
        # The program's name before them stands in parentheses and may hold anything.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _rollup(pid: int) -> dict[str, int]:
    """Field → KiB; empty for a process that is gone."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return {}
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}
