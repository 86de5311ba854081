"""Permission for attempts at an LLM, as a gate gives it: in this process, or for all jobs of a cluster."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from asd_core.llm.limits import Limits

Moment = tuple[float, int]
"""One attempt that was let through: seconds since the epoch, and tokens."""

Claim = Literal["alone", "shared", "taken"]
"""``taken``: another job asks for it. ``alone``: no other job was at work since this one began. ``shared``: one was."""


@dataclass(frozen=True)
class Pass:
    """Permission for one attempt.

    Attributes:
        name: its own.
        at: when it was given, in seconds since the epoch.
    """

    name: str
    at: float


@dataclass(frozen=True)
class TooLarge:
    """Refusal of an attempt that costs more tokens than any window may hold.

    Attributes:
        tokens: that it may cost.
        limit: tokens in any window.
    """

    tokens: int
    limit: int

    def __str__(self) -> str:
        return f"it takes about {self.tokens} tokens, and the limit is {self.limit} a minute: raise the limit"


class AnyGate(Protocol):
    """A gate in this process or in another one.

    Attributes:
        window: of the limits, in seconds.
    """

    window: float

    async def begin(self, job: str, llm: str, limits: Limits, earlier: Sequence[Moment] = ()) -> None:
        """A job begins: from here on the strictest limits of all jobs at work hold.

        Args:
            job: its name, which no other job has.
            llm: `LlmSettings.name` of the LLM that it asks.
            limits: its own.
            earlier: attempts of other gates, which count here too.
        """
        ...

    async def end(self, job: str) -> list[Moment]:
        """A job ends: nothing of it waits or is under way any longer. Returns the attempts of the last window."""
        ...

    async def strangers(self, job: str, jobs: Collection[str]) -> set[str]:
        """Jobs, of those named, that never began at this gate: it knows nothing of their attempts."""
        ...

    async def claim(self, job: str, request_id: str) -> Claim:
        """Keep other jobs from asking for the same caption, until `release`."""
        ...

    def release(self, job: str, request_id: str) -> None:
        """Give a claim back; nothing happens where there is none."""
        ...

    async def enter(self, job: str, tokens: int) -> Pass | TooLarge | None:
        """Wait for permission for one attempt that may cost so many tokens; None: the job has come to an end."""
        ...

    def holds(self, job: str) -> bool:
        """True while permission that was given may be used: a job that stood still for long has lost it."""
        ...

    def leave(self, job: str, given: Pass, tokens: int, seconds: float = 0.0) -> None:
        """An attempt is over.

        Args:
            job: whose.
            given: its permission.
            tokens: that it really cost.
            seconds: since it was sent: until then it may have been on its way. 0 where nothing was sent.
        """
        ...

    async def pause(self, job: str) -> float:
        """Seconds for which nothing is let through, as things stand; infinite while that hangs on one under way."""
        ...

    def close_for(self, job: str, seconds: float) -> None:
        """Let nothing through for so long; attempts under way go on."""
        ...

    def turn_away(self, job: str) -> None:
        """Answer every `enter` of a job that waits now with None."""
        ...
