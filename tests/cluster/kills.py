"""Running the real command in a process of its own, finding the processes that work for it, and killing them."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

_START = "import signal as s; s.signal(s.SIGINT, s.default_int_handler); from jobs.main import script; script()"
COMMAND = [sys.executable, "-c", _START]  # Ctrl-C ends it even where the tests run in the background, which ignores it
FIRST = "embedding clips: 0 of"  # what the command says when its work begins


class Command:
    """The command ``asd``, running in a session of its own, whose members are its local Ray's processes too."""

    def __init__(self, folder, *arguments, environment=None):
        self._out, self._err = Path(folder) / "stdout", Path(folder) / "stderr"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            line = [*COMMAND, *map(str, arguments)]
            self._process = subprocess.Popen(line, stdout=out, stderr=err, env=environment, start_new_session=True)
        self.pid = self._process.pid

    def wait_for(self, text, seconds=120):
        """Whether the command comes to say a text before it ends."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.is_running:
            if text in self.said:
                return True
            time.sleep(0.02)
        return text in self.said

    @property
    def is_running(self):
        return self._process.poll() is None

    @property
    def said(self):
        return self._err.read_text()

    def end(self, seconds=240):
        """Wait for it; its exit code and summary."""
        code = self._process.wait(seconds)
        lines = self._out.read_text().splitlines()
        return code, json.loads(lines[-1]) if lines else None

    def kill(self):
        """End the command and all of its own processes at once, as a machine that loses its power does."""
        for _ in range(50):
            members = [pid for pid, (_, session, _) in processes().items() if session == self.pid]
            for pid in members:
                _end(pid)
            if self._process.poll() is not None and not members:
                return
            time.sleep(0.05)
        raise TimeoutError(f"processes of session {self.pid} live on: {members}")

    def raylets(self):
        return [pid for pid, (_, session, name) in processes().items() if session == self.pid and "raylet/" in name]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()


def run(folder, *arguments):
    """The command from its beginning to its end: exit code, summary, what it said."""
    with Command(folder, *arguments) as command:
        return *command.end(), command.said


def processes():
    """Pid → (parent, session, command line) of the processes that are not dead already."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                state, parent, _, session = (folder / "stat").read_text().rpartition(")")[2].split()[:4]
                line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                if state != "Z":
                    found[int(folder.name)] = (int(parent), int(session), line)
    return found


def workers(raylets):
    """Pid → name of the worker processes below some raylets."""
    return {
        pid: name
        for pid, (parent, _, name) in processes().items()
        if parent in raylets and name.startswith("ray::") and "Agent" not in name
    }


def kill_a_worker(raylets, rng, at="ray::"):
    """Kill one worker process of these raylets, one at work where there is any; its name, or None."""
    found = {pid: name for pid, name in workers(raylets).items() if at in name}
    busy = sorted((pid, name) for pid, name in found.items() if name != "ray::IDLE") or sorted(found.items())
    if not busy:
        return None
    pid, name = busy[rng.integers(len(busy))]
    _end(pid)
    return name


def _end(pid):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Nodes:
    """A Ray cluster of several nodes on this machine."""

    def __init__(self, head, workers):
        self._head, self._sizes = head, workers

    def __enter__(self):
        from ray.cluster_utils import Cluster

        arguments = {"num_cpus": self._head, "include_dashboard": False}
        handler = signal.getsignal(signal.SIGTERM)  # which Ray takes for itself
        self._cluster = Cluster(initialize_head=True, head_node_args=arguments)
        self._nodes = [self._cluster.add_node(num_cpus=size) for size in self._sizes]
        signal.signal(signal.SIGTERM, handler)
        self.address = self._cluster.address
        return self

    def __exit__(self, *_):
        self._cluster.shutdown()

    def raylets(self):
        """Pids of those of the nodes that work."""
        return [info.process.pid for node in self._nodes for info in node.all_processes["raylet"]]

    def lose_one(self, rng):
        """Kill a working node with all that runs on it; its number."""
        number = int(rng.integers(len(self._nodes)))
        node = self._nodes.pop(number)
        below = workers([info.process.pid for info in node.all_processes["raylet"]])
        self._cluster.remove_node(node, allow_graceful=False)
        for pid in below:
            _end(pid)
        return f"node {number}"

    def mend(self):
        """Add nodes in the place of lost ones."""
        for size in self._sizes[len(self._nodes) :]:
            self._nodes.append(self._cluster.add_node(num_cpus=size))
