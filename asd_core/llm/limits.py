"""Limits of requests and tokens in any minute, and budgets: pure bookkeeping that is given the time and never waits.

Attempts are spread evenly (most servers hold their limits over shorter spans than a minute too), and a log of the last
window caps them exactly: never more than the limit in any span of its length, whatever late wake-ups and refunds do to
the even spacing.

The span that counts is the server's. An attempt reaches it at some moment between when it goes and when its answer
comes. It is therefore counted from when it goes until a whole window after the moment by which it has arrived for
certain: then no span at the server holds more either, however long each was on its way.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

WINDOW_SECONDS = 60.0

Cost = tuple[int, float]
"""Tokens and US dollars; no dollars where the prices are not known."""

_CATCH_UP = 0.25  # seconds by which an attempt may wake up late and have it made up for
_FORGETTING = 0.1  # weight of the latest attempt in what attempts are expected to use
_MARGIN = 0.001  # seconds by which windows are kept apart, against rounding


@dataclass(frozen=True)
class Limits:
    """Attempts and tokens in any window; attempts under way at once.

    Attributes:
        requests: attempts.
        tokens: input and output; None: no limit.
        concurrency: attempts at once.
    """

    requests: int
    tokens: int | None
    concurrency: int


def strictest(limits: Collection[Limits]) -> Limits:
    """The strictest of several limits, of which there is at least one."""
    tokens = [limit.tokens for limit in limits if limit.tokens is not None]
    return Limits(
        requests=min(limit.requests for limit in limits),
        tokens=min(tokens, default=None),
        concurrency=min(limit.concurrency for limit in limits),
    )


@dataclass
class Dispatch:
    """One attempt that was let through.

    Attributes:
        at: when, in seconds of the caller's clock.
        tokens: reserved, and later those really used.
        arrived: when it had reached the server at the latest; infinite while that is not known.
        expected: tokens that it took in the even spacing.
    """

    at: float
    tokens: int
    arrived: float
    expected: float = 0.0


class RateLimiter:
    """The earliest moment for the next attempt, from a log of the attempts of the last window.

    Args:
        limits: requests and tokens in any window.
        window: its length in seconds.

    Attributes:
        limits: may be replaced at any time; what was let through still counts.
    """

    def __init__(self, limits: Limits, window: float = WINDOW_SECONDS) -> None:
        self.limits = limits
        self.window = window
        self._log: list[Dispatch] = []  # in the order of their going
        self._opens = -math.inf
        self._request_slot = -math.inf
        self._token_slot = -math.inf
        self._used_share = 1.0  # of reserved tokens, as attempts go

    def wait(self, now: float, tokens: int) -> float:
        """Seconds until an attempt that reserves so many tokens may go, as things stand; 0: at once.

        Infinite where one that is under way must end first. More tokens than the limit itself never may: ask `fits`
        before.
        """
        self._forget(now)
        moments = [self._opens, self._request_slot, self._after_requests()]
        if self.limits.tokens is not None:
            moments += [self._token_slot, self._after_tokens(tokens, self.limits.tokens)]
        return max(0.0, max(moments) - now)

    def fits(self, tokens: int) -> bool:
        """True where an attempt of so many tokens may ever go."""
        return self.limits.tokens is None or tokens <= self.limits.tokens

    def dispatch(self, now: float, tokens: int, arrived: float | None = None) -> Dispatch:
        """Let an attempt through, whose `wait` was 0; without more said it arrives at once."""
        entry = Dispatch(now, tokens, now if arrived is None else arrived)
        self._log.append(entry)
        self._request_slot = _slot(self._request_slot, now) + self.window / self.limits.requests
        if self.limits.tokens is not None:
            # Spaced by what is reserved, one attempt would keep the next waiting until it has settled.
            entry.expected = tokens * self._used_share
            self._token_slot = _slot(self._token_slot, now) + entry.expected * self.window / self.limits.tokens
        return entry

    def settle(self, entry: Dispatch, tokens: int) -> None:
        """Count the tokens that were really used instead of those reserved."""
        if self.limits.tokens is not None:
            self._token_slot += (tokens - entry.expected) * self.window / self.limits.tokens
            self._used_share += _FORGETTING * (min(1.0, tokens / max(1, entry.tokens)) - self._used_share)
        entry.tokens = tokens

    def close_until(self, moment: float) -> None:
        """Let nothing through before a moment."""
        self._opens = max(self._opens, moment)

    def restore(self, entries: Iterable[Dispatch]) -> None:
        """Count attempts that another process let through."""
        self._log = sorted([*self._log, *entries], key=lambda entry: entry.at)
        if self._log:
            self._request_slot = max(self._request_slot, self._log[-1].at + self.window / self.limits.requests)

    def recent(self, now: float) -> list[Dispatch]:
        """The attempts of the last window."""
        self._forget(now)
        return list(self._log)

    def _forget(self, now: float) -> None:
        if any(self._gone(entry) <= now for entry in self._log):
            self._log = [entry for entry in self._log if self._gone(entry) > now]

    def _gone(self, entry: Dispatch) -> float:
        """The moment from which an attempt is in no window any longer."""
        return entry.arrived + self.window + _MARGIN

    def _after_requests(self) -> float:
        surplus = len(self._log) - self.limits.requests + 1  # that must have left the window
        return heapq.nsmallest(surplus, map(self._gone, self._log))[-1] if surplus > 0 else -math.inf

    def _after_tokens(self, tokens: int, limit: int) -> float:
        held = sum(entry.tokens for entry in self._log)
        moment = -math.inf
        for entry in sorted(self._log, key=self._gone) if held + tokens > limit else ():
            if held + tokens <= limit:
                break
            held -= entry.tokens
            moment = self._gone(entry)
        return moment


def _slot(slot: float, now: float) -> float:
    """The slot that an attempt takes: its own where it woke up late, now where there was nothing to wait for."""
    return slot if slot > now - _CATCH_UP else now


class Budget:
    """One job's budget. The cost of attempts under way is set aside, so that the budget is never overrun.

    Args:
        tokens: input and output; None: no limit.
        usd: US dollars; None: no limit.

    Attributes:
        spent: so far.
    """

    def __init__(self, tokens: int | None = None, usd: float | None = None) -> None:
        self._most = (math.inf if tokens is None else tokens, math.inf if usd is None else usd)
        self.spent: Cost = (0, 0.0)
        self._reserved = (0, 0.0)
        self._under_way = 0

    def state(self, tokens: int, usd: float) -> Literal["go", "wait", "stop"]:
        """``go``: an attempt can be paid for; ``wait``: perhaps once others have settled; ``stop``: it cannot."""
        cost = (tokens, usd)
        for most, spent, reserved, wanted in zip(self._most, self.spent, self._reserved, cost, strict=True):
            if spent + wanted > most:
                return "stop"
            if spent + reserved + wanted > most:
                return "wait"
        return "go"

    def reserve(self, tokens: int, usd: float) -> None:
        """Set the cost of an attempt aside."""
        self._reserved = (self._reserved[0] + tokens, self._reserved[1] + usd)
        self._under_way += 1

    def settle(self, reserved: Cost, spent: Cost) -> None:
        """Replace what was set aside for an attempt by what it cost."""
        self._under_way -= 1
        left = (self._reserved[0] - reserved[0], self._reserved[1] - reserved[1])
        self._reserved = left if self._under_way else (0, 0.0)  # a rounding error must not be waited for
        self.spent = (self.spent[0] + spent[0], self.spent[1] + spent[1])

    def exhausted(self, tokens: int, usd: float) -> str:
        """The reason why an attempt of such a cost cannot be paid for, and the cure."""
        if tokens <= self._most[0] and usd <= self._most[1]:
            return f"the budget of {self} is spent; the next run goes on"
        return (
            f"the budget of {self} is less than one request may cost, {self._told(tokens, usd)}: "
            "raise it, or lower the limit of output tokens"
        )

    def __str__(self) -> str:
        return self._told(*self._most) or "no limit"

    def _told(self, tokens: float, usd: float) -> str:
        """Tokens and dollars, as far as they are limited."""
        told = [f"{tokens:,.0f} tokens"] if self._most[0] < math.inf else []
        told += [f"{usd:,.{_decimals(usd)}f} dollars"] if self._most[1] < math.inf else []
        return " and ".join(told)


def _decimals(usd: float) -> int:
    """Cents, and where that is not enough two digits that are not zero."""
    return max(2, 1 - math.floor(math.log10(usd))) if usd > 0 else 2
