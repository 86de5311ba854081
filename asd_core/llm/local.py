"""Asking an LLM from this process."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence

from asd_core.llm.inbox import Inbox
from asd_core.llm.jobs import Desk
from asd_core.llm.limits import WINDOW_SECONDS
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import LlmSettings

_JOB = "this process"


class LocalCaptioner:
    """A `asd_core.captions.requests.Captioner` in an event loop of its own, in a thread of this process.

    Args:
        settings: which LLM, under which limits.
        store_url: where intents and answers are kept.
        window: of the limits, in seconds; a minute but for tests.

    Raises:
        UsageError: there is no key in the environment.
    """

    def __init__(self, settings: LlmSettings, store_url: str, *, window: float = WINDOW_SECONDS) -> None:
        self._desk = Desk(window)
        self._inbox = Inbox()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="captions", daemon=True)
        self._thread.start()
        self._is_open = False
        try:
            asyncio.run_coroutine_threadsafe(self._desk.begin(_JOB, settings, store_url), self._loop).result()
            self._is_open = True
        finally:
            if not self._is_open:
                self._stop()

    def submit(self, requests: Sequence[CaptionRequest]) -> None:
        """See `Captioner.submit`."""
        fresh = list(self._inbox.fresh(requests).values())
        self._loop.call_soon_threadsafe(self._desk.submit, _JOB, fresh, self._inbox.put)

    def answers(self) -> Iterator[CaptionAnswer]:
        """See `Captioner.answers`."""
        return self._inbox.answers()

    def close(self) -> None:
        """See `Captioner.close`."""
        if self._is_open:
            self._is_open = False
            try:
                asyncio.run_coroutine_threadsafe(self._desk.end(_JOB), self._loop).result()
            finally:
                self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
