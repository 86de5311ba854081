"""Counting what a language model is asked, and what it costs."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from asd_core.llm.limits import WINDOW_SECONDS
from asd_core.llm.replies import Answered, NotAnswered, Outcome
from asd_core.llm.settings import LlmSettings
from asd_core.metrics.recorder import Recorder


class LlmMeter:
    """Told the outcome of every attempt, it records attempts, tokens, cost and the share of the limits.

    The share is this job's: jobs that ask the same language model add theirs.

    Args:
        recorder: is told.
        settings: prices and limits.
        has_limits: requests and tokens a minute are limited; they are not in the Batch API.
        clock: seconds.
    """

    def __init__(
        self,
        recorder: Recorder,
        settings: LlmSettings,
        *,
        has_limits: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recorder, self._settings, self._has_limits, self._clock = recorder, settings, has_limits, clock
        self._recent: deque[tuple[float, int]] = deque()  # when an outcome came, and its tokens
        self._peak = 0.0

    def __call__(self, outcome: Outcome, is_repeat: bool) -> None:
        """Record one attempt; one whose permission ended before it was sent is none."""
        if isinstance(outcome, NotAnswered) and outcome.reason == "late":
            return
        self._recorder.add("asd_llm_retries_total" if is_repeat else "asd_llm_requests_total")
        self._recorder.add("asd_llm_attempts_total", outcome=_name(outcome))
        tokens = 0
        if isinstance(outcome, Answered):
            tokens = outcome.input_tokens + outcome.output_tokens
            self._recorder.add("asd_llm_tokens_total", outcome.input_tokens, kind="input")
            self._recorder.add("asd_llm_tokens_total", outcome.output_tokens, kind="output")
            usd = self._settings.usd(outcome.input_tokens, outcome.output_tokens)
            if usd is not None:
                self._recorder.add("asd_llm_usd_total", usd)
        if self._has_limits:
            self._record_share(tokens)

    def _record_share(self, tokens: int) -> None:
        now = self._clock()
        self._recent.append((now, tokens))
        while self._recent[0][0] <= now - WINDOW_SECONDS:
            self._recent.popleft()
        share = len(self._recent) / self._settings.requests_per_minute
        if (most := self._settings.tokens_per_minute) is not None:
            share = max(share, sum(used for _, used in self._recent) / most)
        self._peak = max(self._peak, share)
        self._recorder.set("asd_llm_limit_used_ratio", share)
        self._recorder.set("asd_llm_limit_peak_ratio", self._peak)


def _name(outcome: Outcome) -> str:
    """A value of the label ``outcome``; there are nine."""
    if isinstance(outcome, Answered):
        return "answered"
    return outcome.reason if isinstance(outcome, NotAnswered) else "refused"
