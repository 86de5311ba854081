"""At most so many requests in any minute at the server, whatever runs do and whatever is done to them.

Two runs at a time ask one LLM for one store, overlapping in what they want. When one ends another begins; now and then
one is killed. The server counts each request when it has arrived, up to three seconds after it was sent, and answers
some with faults and redirects. Run as ``python -m tests.accuracy.limits_at_the_server MINUTES LIMIT``.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

from asd_core.store.addresses import open_files
from tests.llm_server import Faults, LlmServer
from tests.llm_server.measures import most_in_any

WINDOW = 60.0
KINDS = ("limited", "limited-told", "error", "drop", "empty", "not-json", "over-long", "redirect-307", "brackets")
WANTED = 12  # of one run; half of them are the next run's too


class Runs:
    """Two processes that ask, one after another in each place.

    Args:
        server: whom.
        store: where answers are kept.
        limit: requests a minute.
        rng: of kills.
    """

    def __init__(self, server, store, limit, rng):
        self._settings = {"model": "m", "base_url": server.url, "requests_per_minute": limit, "timeout_seconds": 20.0}
        self._store, self._rng = store, rng
        self._places, self.begun, self.killed = [], 0, 0

    def look(self):
        """Begin new runs where some have ended; kill one now and then."""
        for process in [each for each in self._places if each.poll() is not None]:
            self._places.remove(process)
        while len(self._places) < 2:
            self._places.append(self._begin())
        if self._rng.random() < 1 / 90:
            self._rng.choice(self._places).send_signal(signal.SIGKILL)
            self.killed += 1

    def end(self):
        """Kill those who are at work still."""
        for process in self._places:
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def _begin(self):
        told = {"kind": "local", "store": self._store, "settings": self._settings, "count": WANTED, "window": WINDOW}
        told |= {"first": self.begun * WANTED // 2, "takes_turns": True}
        self.begun += 1
        line = [sys.executable, "-m", "tests.llm_server.asker", json.dumps(told)]
        return subprocess.Popen(line, stdout=subprocess.DEVNULL, env=os.environ | {"OPENAI_API_KEY": "none"})


def asked_again(store):
    """Attempts that a kill cut off, as the store counts them."""
    files = open_files(store)
    answers = {info.path.rsplit("/", 1)[-1]: json.loads(files.read(info.path)) for info in files.list("answers")}
    unanswered = [info.path for info in files.list("intents") if info.path.rsplit("/", 1)[-1] not in answers]
    cut = [each for path in unanswered for each in json.loads(files.read(path))["attempts"]]
    return sum(each["unknown"] for each in answers.values()) + sum(each["outcome"] in (None, "unknown") for each in cut)


def measured(minutes, limit, seed=1):
    """The most requests in any minute at the server, and what happened meanwhile."""
    rng = random.Random(seed)
    faults = Faults(0.2, seed, KINDS)
    with (
        LlmServer(faults, seconds=0.5, retry_after=3, way=lambda: rng.uniform(0, 3)) as server,
        LlmServer() as elsewhere,
        tempfile.TemporaryDirectory() as store,
    ):
        server.elsewhere = f"{elsewhere.url}/chat/completions"
        runs = Runs(server, store, limit, rng)
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            runs.look()
            time.sleep(1)
        runs.end()
        arrivals = sorted(arrival.at for arrival in server.log)
        return {
            "requests": len(arrivals),
            "most in any minute": most_in_any(arrivals, WINDOW),
            "limit": limit,
            "share of the limit": round(len(arrivals) / (limit * (arrivals[-1] - arrivals[0]) / WINDOW), 3),
            "runs": runs.begun,
            "killed": runs.killed,
            "redirects": sum(arrival.fault.startswith("redirect") for arrival in server.log),
            "requests elsewhere": len(elsewhere.log),
            "answered": len(server.answered),
            "answered twice": sum(times - 1 for times in server.answered.values()),
            "counted as asked again": asked_again(store),
        }


if __name__ == "__main__":
    for name, value in measured(float(sys.argv[1]), int(sys.argv[2])).items():
        print(f"{name}: {value}")
