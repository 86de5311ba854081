"""How long the pages of a large fleet take, and how much memory their server.

`python -m tests.benchmarks.serving [MACHINES [NIGHTS [FOLDER]]]` makes a store of so many scored nights with their
alarms in FOLDER, unless one is there, serves it by a process of its own as `asd serve` does, and asks for its pages.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from asd_core.runs.fleet_pages import report_nights
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.many_nights.alarms import kept_fleet
from tests.many_nights.plant import RECIPE

TIMES = 5
SECONDS_TO_READ_AHEAD = 40


def make(folder, machines, nights):
    """A store whose newest night has three machines far off."""
    store = Store(LocalFiles(folder))
    for files in kept_fleet(machines, nights, faulty=(7, machines // 2, machines - 1)):
        for path, data in files.items():
            store.files.write(path, data)
    report_nights(store, RECIPE)


def seconds_of(address):
    start = time.monotonic()
    with urllib.request.urlopen(address) as answer:
        size = len(answer.read())
    return time.monotonic() - start, size


def memory(pid):
    """Resident memory of a process now and at its most, MiB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    told = dict(line.split(":", 1) for line in lines)
    return [int(told[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM")]


def measure(folder, machines):
    line = [sys.executable, "-c", "from jobs.main import script; script()", "serve", "--store", folder]
    with subprocess.Popen([*line, "--port", "0", "--json"], stdout=subprocess.PIPE, text=True) as server:
        address = json.loads(server.stdout.readline())["address"]
        seconds, _ = seconds_of(address)
        print(f"just started: {seconds:.2f} s, {memory(server.pid)[0]:.0f} MiB")
        time.sleep(SECONDS_TO_READ_AHEAD)
        pages = {
            "fleet now": "",
            "in alarm, by name": "?tier=alarm&sort=name",
            "page 150, by drift": "?sort=drift&page=150",
            "search": f"?q={machines - 1:05d}",
            "all nights, 30": "nights",
            "all nights, 366": "nights?last=366",
            "one machine": f"machines/fan/{7:05d}",
        }
        for name, path in pages.items():
            first, size = seconds_of(address + path)
            warm = statistics.median(seconds_of(address + path)[0] for _ in range(TIMES))
            now, most = memory(server.pid)
            sizes = f"{size / 1024:.0f} KiB, {now:.0f} MiB, at most {most:.0f} MiB"
            print(f"{name}: first {first:.2f} s, again {warm:.2f} s, {sizes}", flush=True)
        server.terminate()


def main(machines=10_000, nights=365, folder=None):
    with tempfile.TemporaryDirectory() as made:
        place = Path(folder or made)
        if not os.listdir(place) if place.exists() else True:
            place.mkdir(parents=True, exist_ok=True)
            make(place, machines, nights)
        measure(place, machines)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:])
