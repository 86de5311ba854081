"""What both captioners keep of a job's requests: which were submitted, and the answers as they come."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Sequence

from asd_core.llm.requests import CaptionAnswer, CaptionRequest


class Inbox:
    """Where the answers to submitted requests come in, from any thread."""

    def __init__(self) -> None:
        self._came: queue.SimpleQueue[CaptionAnswer | Exception] = queue.SimpleQueue()
        self._submitted: set[str] = set()
        self._taken = 0

    def fresh(self, requests: Sequence[CaptionRequest]) -> dict[str, CaptionRequest]:
        """Request id → request, of those that were not submitted before; from now on they are."""
        fresh = {each.request_id: each for each in requests if each.request_id not in self._submitted}
        self._submitted |= fresh.keys()
        return fresh

    def put(self, came: CaptionAnswer | Exception) -> None:
        """Take an answer, or what keeps a request from one."""
        self._came.put(came)

    def answers(self) -> Iterator[CaptionAnswer]:
        """See `asd_core.captions.requests.Captioner.answers`."""
        while self._taken < len(self._submitted):
            came = self._came.get()
            if isinstance(came, Exception):
                raise came
            self._taken += 1
            yield came
