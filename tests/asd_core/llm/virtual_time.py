"""Minutes of waiting in no time: an event loop whose clock jumps to the next moment at which anything happens."""

import asyncio
import selectors


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its time passes only where every task waits. What runs in threads would be waited for in vain: run it inline."""

    def __init__(self):
        self._now = 1000.0
        super().__init__(_Jumping(self))

    def time(self):
        return self._now

    def pass_by(self, seconds):
        self._now += seconds


class _Jumping(selectors.DefaultSelector):
    def __init__(self, loop):
        super().__init__()
        self._loop = loop

    def select(self, timeout=None):
        if timeout is None:
            raise RuntimeError("every task waits, and nothing will ever happen")
        self._loop.pass_by(max(0.0, timeout))
        return super().select(0)


def run(coroutine):
    """Run to the end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(coroutine)


async def inline(function, *arguments):
    """In the place of `asyncio.to_thread`."""
    return function(*arguments)
