"""One trial: a job that is interrupted again and again, run to its end, and compared with an unbroken run."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import ExitStack, suppress
from functools import cached_property

import numpy as np

from asd_core.store.addresses import open_files
from tests.chaos.jobs import JOBS, copy_of_start, rows_of, unknown_of
from tests.chaos.results import compared
from tests.cluster.kills import Command, processes, workers
from tests.llm_server import LlmServer

FAULTY = 0.2  # share of S3's answers
MOST_SECONDS = 240  # that any run may take: one that takes longer hangs
JUMPS = (-3 * 86_400, -3600, -90, 90, 3600, 3 * 86_400)  # seconds of a wall clock


class Field:
    """Where trials take place.

    Args:
        folder: for what commands say.
        places: ``folder`` and ``s3`` → Place.
        nodes: of a cluster.
        disturbed: clock and disk of commands.
        faults: of S3, a FaultyS3.
        seed: of the moments.
    """

    def __init__(self, folder, places, nodes, disturbed, faults, seed):
        self.folder, self.places, self.nodes = folder, places, nodes
        self._disturbed, self._faults, self._seed, self._clean = disturbed, faults, seed, {}

    def run(self, trial):
        """A row of what the trial came to."""
        start = time.monotonic()
        rng = np.random.default_rng([self._seed, trial.number])
        with Attempted(self, trial, rng) as attempted:
            clean, seconds, prompts = self.clean(trial)
            told = []
            for turn in range(trial.kills):
                told.append(attempted.interrupted(turn, seconds))
                seconds = min(seconds, told[-1]["ran"])
            code = attempted.plain()
            found = attempted.rows()
            asked = attempted.asked_again(prompts)
        row = trial.told() | {"killed": sum(each["hit"] is not None for each in told), "turns": told, "code": code}
        row |= compared(clean, found) | {"hung": attempted.hung, "tracebacks": len(attempted.tracebacks)} | asked
        return row | {"seconds": round(time.monotonic() - start, 1), "said": attempted.tracebacks}

    def clean(self, trial):
        """Rows of an unbroken run of the trial's job, for how long it ran, and prompt → how often it was answered."""
        name = trial.job, trial.engine, trial.place
        if name not in self._clean:
            with Attempted(self, trial, None) as attempted:
                start = time.monotonic()
                code = attempted.plain()
                seconds = time.monotonic() - start
                if code:
                    raise RuntimeError(f"an unbroken {trial.job} ended with {code}: {attempted.said}")
                self._clean[name] = attempted.rows(), seconds, attempted.answered()
        return self._clean[name]

    def disturb(self, trial, rng):
        """Set the clock and S3 as a turn of a trial has them."""
        if trial.disturbance == "clock":
            self._disturbed.jump(int(rng.choice(JUMPS)))
        self._faults.share = FAULTY if trial.disturbance == "faults" else 0.0

    def fill(self, is_full):
        self._disturbed.fill(is_full)

    def calm(self):
        """End every disturbance."""
        self._disturbed.jump(0)
        self._disturbed.fill(False)
        self._faults.share = 0.0

    def environment(self, trial):
        found = os.environ | {"OPENAI_API_KEY": "sk-any"}
        if trial.place == "s3":
            found |= {"AWS_ENDPOINT_URL": self._faults.url}
        return found | (self._disturbed.environment if trial.disturbance in ("clock", "disk") else {})


class Attempted:
    """A store of a trial's own, and its command.

    Attributes:
        hung: runs that took longer than any may.
        tracebacks: ends of what runs said that said one.
        said: on stderr by the last run.
    """

    def __init__(self, field, trial, rng):
        self._field, self._trial, self._rng = field, trial, rng
        self._job, self._place = JOBS[trial.job], field.places[trial.place]
        self._name = f"trials/{trial.number}{'' if rng is not None else '-clean'}"
        self.hung, self.tracebacks, self.said = 0, [], ""

    def __enter__(self):
        self._store = f"{self._place.url}/{self._name}"
        _delete(self._store)
        copy_of_start(self._place, self._job, self._store)
        self._stack = ExitStack()
        self._server = self._stack.enter_context(LlmServer(seconds=0.5))
        return self

    def __exit__(self, *_):
        self._field.calm()
        self._stack.close()
        _delete(self._store)

    @cached_property
    def _words(self):
        engine = {"local": ("--local",), "ray": ("--engine", "ray", "--cpus", "2")}
        if self._trial.engine == "nodes":
            engine["nodes"] = ("--ray-address", self._field.nodes.address)
        words = self._job.words(self._place, self._server.url)
        where = () if self._trial.job == "import" else engine[self._trial.engine]
        return (*words, "--store", self._store, *where, "--json")

    def interrupted(self, turn, seconds):
        """Run the command, hit it at a random moment, and wait for its end."""
        self._field.disturb(self._trial, self._rng)
        moment = float(self._rng.uniform(0, seconds))
        both = 1 + (self._trial.disturbance == "twin")
        with ExitStack() as stack:
            began = time.monotonic()
            commands = [stack.enter_context(self._command(number)) for number in range(both)]
            _wait(commands[0], moment)
            hit = self._hit_when_there(commands[0], turn)
            codes = [self._end(commands[0])]
            ran = seconds if hit else time.monotonic() - began
            codes += [self._end(command) for command in commands[1:]]
        self._field.calm()
        if self._trial.engine == "nodes":
            self._field.nodes.mend()
        times = {"moment": round(moment, 2), "of": round(seconds, 2), "ran": round(ran, 2)}
        return times | {"hit": hit, "codes": codes, "said": self.said[-300:]}

    def plain(self):
        """Run the command as it is; its exit code."""
        with self._command(0) as command:
            return self._end(command)

    def rows(self):
        return rows_of(self._job, self._store)

    def answered(self):
        """Prompt → how often the language model sent an answer to it."""
        return self._server.answered

    def asked_again(self, prompts):
        """Answers beyond those of an unbroken run, and those of them that the store does not count as cut off."""
        if not self._job.asks:
            return {"asked_again": 0, "not_counted": 0}
        again = sum(max(0, times - prompts.get(prompt, 0)) for prompt, times in self.answered().items())
        return {"asked_again": again, "not_counted": max(0, again - unknown_of(self._store))}

    def _command(self, number):
        folder = self._field.folder / str(number)
        folder.mkdir(exist_ok=True)
        return Command(folder, *self._words, environment=self._field.environment(self._trial))

    def _end(self, command):
        try:
            code = command.end(MOST_SECONDS)[0]
        except subprocess.TimeoutExpired:
            self.hung += 1
            return None
        except ValueError:
            code = "stdout is no JSON"
        self.said = command.said
        if "Traceback (most recent call last)" in self.said:
            self.tracebacks.append(self.said[-2000:])
        return code

    def _hit_when_there(self, command, turn):
        """Hit the target, or, where none is there at the moment, one that comes later, soon after it came."""
        hit, pause = None, float(self._rng.uniform(0, 2))
        while command.is_running and not (hit := self._hit(command, turn)):
            _wait(command, pause)
        return hit

    def _hit(self, command, turn):
        if self._trial.disturbance == "disk" and turn == 0:
            self._field.fill(True)
            return "disk full"
        who, how = self._trial.target.split()
        if who == "driver" and how == "KILL":
            command.kill()
            return "driver"
        if who == "driver":
            os.kill(command.pid, signal.SIGTERM)
            return "driver"
        if who == "node":
            return self._field.nodes.lose_one(self._rng)
        raylets = self._field.nodes.raylets() if self._trial.engine == "nodes" else command.raylets()
        return _kill(_found(who, raylets), how, self._rng)


def _found(who, raylets):
    """Pid → name of the processes that a target may be."""
    names = {pid: name for pid, (_, _, name) in processes().items()}
    if who == "raylet":
        return {pid: names.get(pid, "") for pid in raylets}
    below = workers(raylets)
    actors = {pid: name for pid, name in below.items() if name.split("::")[1][:1].isupper() and "IDLE" not in name}
    return actors if who == "actor" else {pid: name for pid, name in below.items() if pid not in actors}


def _kill(found, how, rng):
    busy = sorted((pid, name) for pid, name in found.items() if name != "ray::IDLE") or sorted(found.items())
    if not busy:
        return None
    pid, name = busy[rng.integers(len(busy))]
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL if how == "KILL" else signal.SIGTERM)
    return name[:40]


def _wait(command, seconds):
    end = time.monotonic() + seconds
    while command.is_running and time.monotonic() < end:
        time.sleep(min(0.02, max(0.0, end - time.monotonic())))


def _delete(address):
    if "://" not in address:
        return shutil.rmtree(address, ignore_errors=True)
    files = open_files(address)
    for info in files.list():
        files.delete(info.path)
    return None
