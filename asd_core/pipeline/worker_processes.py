"""Worker processes of this machine: they take calls over pipes, and one that dies takes nothing else with it.

They are forked from a server that has imported the pipeline and does nothing else (`forkserver`), so that a worker
starts in some milliseconds and inherits no thread, lock or connection of this process.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import forkserver, get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from asd_core.errors import AsdError
from asd_core.pipeline.interrupts import interrupts_kept_from_children, interrupts_put_off
from asd_core.store.without_pandas import keep_pandas_out

ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
"""The environment of every worker: they are the parallelism, as `asd_core.pipeline.threads` says."""

_IMPORTED = [
    "asd_core.pipeline.worker_processes",
    "asd_core.pipeline.embedding",
    "asd_core.encoders.twfr",
    "scipy.fft",
    "scipy.linalg",
    "scipy.sparse",
]


@dataclass(frozen=True, eq=False)
class Call:
    """A function and the item it is applied to, which can be pickled, as can its result."""

    function: Callable[[Any], Any]
    item: Any


@dataclass(frozen=True)
class Answer:
    """The outcome of a call: a result, the error that it raised, or neither where its worker died."""

    result: Any = None
    error: BaseException | None = None
    is_lost: bool = False


def start_server(also: Sequence[str] = ()) -> None:
    """Start the process that workers are forked from, once; its imports go on while this process does other things.

    Args:
        also: further modules to import there: those that a command's script imports, which every worker runs again.
    """
    multiprocessing.set_forkserver_preload([*_IMPORTED, *also])
    resource_tracker.ensure_running()  # the server starts it otherwise, and its start lets signals through
    with environment(ONE_THREAD), interrupts_kept_from_children():
        forkserver.ensure_running()


def usable_cpus() -> int:
    """The CPUs that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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


class Workers:
    """A few worker processes, started as calls come, and ended by `close`.

    Args:
        most: how many work at once for one round of calls; a round within another has as many of its own.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: list[_Worker] = []
        self._alive: set[_Worker] = set()

    def answers(self, calls: Iterable[Call], *, in_order: bool = False) -> Iterator[tuple[Call, Answer]]:
        """Make calls, as many at once as there are workers.

        Args:
            calls: taken as workers become free.
            in_order: give the answers in the order of the calls; at most two answers a worker then wait for their turn.
        """
        numbered = enumerate(calls)
        busy: _Busy = {}
        ready: dict[int, tuple[Call, Answer]] = {}
        due = 0
        try:
            while True:
                self._fill(busy, numbered, 2 * self._most - len(ready))
                if not busy:
                    return
                ready |= self._received(busy)
                while ready and (number := due if in_order else min(ready)) in ready:
                    due += 1
                    yield ready.pop(number)
        finally:  # where nobody wants the rest, what is under way is nobody's answer
            for _, _, worker in busy.values():
                self._end(worker)

    def start(self) -> None:
        """Start a worker, unless one waits for calls: whether this machine lets processes start is known then.

        Raises:
            AsdError: it does not.
        """
        if not self._idle:
            worker = _Worker()
            self._alive.add(worker)
            self._idle.append(worker)

    def ask(self, call: Call) -> Answer:
        """The answer to one call."""
        ((_, answer),) = self.answers([call])
        return answer

    def close(self) -> None:
        """End the workers. What they are at is lost; what they committed is kept."""
        for worker in list(self._alive):
            self._end(worker)
        self._idle = []

    def _fill(self, busy: _Busy, numbered: Iterator[tuple[int, Call]], room: int) -> None:
        """Give calls to workers that are free, as long as there is room for their answers."""
        while len(busy) < min(self._most, room) and (following := next(numbered, None)) is not None:
            worker = self._idle.pop() if self._idle else _Worker()
            self._alive.add(worker)
            worker.send(following[1])
            busy[worker.connection] = (*following, worker)

    def _received(self, busy: _Busy) -> dict[int, tuple[Call, Answer]]:
        """The answers that have come, at least one."""
        found = {}
        for connection in wait(list(busy)):
            assert isinstance(connection, Connection)
            number, call, worker = busy.pop(connection)
            answer = worker.received()
            if answer.is_lost:
                self._end(worker)
            else:
                self._idle.append(worker)
            found[number] = (call, answer)
        return found

    def _end(self, worker: _Worker) -> None:
        self._alive.discard(worker)
        worker.end()


class _Worker:
    """One worker process, and our end of the pipe to it.

    Raises:
        AsdError: this machine lets no process start.
    """

    def __init__(self) -> None:
        context = get_context("forkserver")
        try:
            start_server()
            with interrupts_put_off():  # a worker that is half started would end with a traceback
                self.connection, theirs = context.Pipe()
                self._process: BaseProcess = context.Process(target=_work, args=(theirs,), daemon=True)
                self._process.start()
                theirs.close()
        except (OSError, EOFError) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise AsdError(f"no worker process can be started ({why}); --engine local does without") from error

    def send(self, call: Call) -> None:
        try:
            self.connection.send(call)
        except (BrokenPipeError, ConnectionResetError):  # it died idle, which `received` finds
            return

    def received(self) -> Answer:
        try:
            answer: Answer = self.connection.recv()
            return answer
        except (EOFError, ConnectionResetError):
            return Answer(is_lost=True)

    def end(self) -> None:
        self.connection.close()
        self._process.kill()
        self._process.join()


def _work(connection: Connection) -> None:
    """Make calls until the pipe is closed; the body of a worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of a terminal's processes: the parent ends us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    keep_pandas_out()
    while True:
        try:
            call = connection.recv()
        except EOFError:
            return
        try:
            answer = Answer(call.function(call.item))
        except Exception as error:
            answer = Answer(error=error)
        try:
            connection.send(answer)
        except BrokenPipeError:
            return
        except Exception:  # an error of a class of its own that cannot be pickled
            connection.send(Answer(error=AsdError(f"{type(answer.error).__name__}: {answer.error}")))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


_Busy = dict[Connection, tuple[int, Call, _Worker]]
