"""Ctrl-C and SIGTERM while processes are started: one line of the parent tells of them, and no traceback of a child."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def interrupts_kept_from_children() -> Iterator[None]:
    """Let Ctrl-C wait for the end of the block, and never reach a process that is started in it: its parent ends it.

    Ignoring it instead would lose the one that comes now.
    """
    with interrupts_put_off():
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def interrupts_end_it() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the block as KeyboardInterrupt, whatever a library makes of them.

    Some put handlers of their own in the place of ours, of which one ends the process with a code that says nothing, or
    lose what a handler raises where they are called back. Then the block ends where they return.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    told, tells = os.pipe()
    for end in (told, tells):
        os.set_blocking(end, False)
    before = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)  # told of every signal, whoever handles it
    try:
        yield
    except BaseException as error:
        if _interrupts(told) or isinstance(error, SystemExit):
            raise KeyboardInterrupt from error
        raise
    else:
        if _interrupts(told):
            raise KeyboardInterrupt
    finally:
        signal.set_wakeup_fd(before)
        for end in (told, tells):
            os.close(end)
        for number, handler in handlers.items():
            if handler is not None:
                signal.signal(number, handler)


def _interrupts(told: int) -> bool:
    """True where an interrupt came, by the numbers of signals that a pipe holds."""
    with suppress(BlockingIOError):
        return not {signal.SIGINT, signal.SIGTERM}.isdisjoint(os.read(told, 4096))
    return False


@contextmanager
def interrupts_put_off() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM wait for the end of the block."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    handlers = {
        number: signal.signal(number, lambda number, frame: came.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(signal.Signals(came[0]))
