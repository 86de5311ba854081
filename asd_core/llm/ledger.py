"""The ledger of what was sent to an LLM and what came back, so that no answer is paid for twice after a crash.

    intents/<request id>.json    every attempt at it, written before the attempt and after one that failed
    answers/<request id>.json    its answer, written before the next request is sent in its place
    limits/<LLM>.json            the last minute's attempts of a run that ended, for the next to count

An attempt that was written down and has neither outcome nor answer is *unknown*: a crash came between, and it may have
been paid for. It is counted, and asked again. Once the rows of a run are committed, its intents and answers go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

from asd_core.errors import AsdError
from asd_core.llm.requests import CaptionAnswer, CaptionRequest, prompt_hash
from asd_core.store.files import Files

ANSWERED, EMPTY, COMPLAINED, REFUSED, UNKNOWN = "answered", "empty_answer", "complained", "llm_refused", "unknown"
CUT, DECLINED, TOOL_CALL = "cut_off", "declined", "tool_call"
"""Outcomes of attempts, beside the reasons of `asd_core.llm.replies.NotAnswered`."""

_AT_ONCE = 32  # files read or deleted


@dataclass(frozen=True)
class Attempt:
    """One attempt at a request.

    Attributes:
        at: when it was let through, in seconds since the epoch.
        incarnation: name of the job that made it.
        outcome: None while it is under way; then one of the words above or the reason of its failure.
        message: what went wrong, in one line.
        input_tokens: as far as the LLM said.
        output_tokens: likewise.
        text: an answer that was complained of.
        complaint: what is wrong with it.
        most_output_tokens: that the answer could have.
    """

    at: float
    incarnation: str
    outcome: str | None = None
    message: str | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    text: str | None = None
    complaint: str | None = None
    most_output_tokens: int = 0


@dataclass(frozen=True)
class History:
    """All attempts at a request, oldest first."""

    attempts: tuple[Attempt, ...] = ()

    def begun(self, attempt: Attempt) -> History:
        """With one more."""
        return History((*self.attempts, attempt))

    def ended(self, **outcome: Any) -> History:
        """With fields of the last one changed."""
        return History((*self.attempts[:-1], replace(self.attempts[-1], **outcome)))

    @property
    def complained(self) -> Attempt | None:
        """The newest attempt whose answer was complained of."""
        return next((attempt for attempt in reversed(self.attempts) if attempt.outcome == COMPLAINED), None)

    def times(self, outcome: str, least: int = 0) -> int:
        """How many attempts came to an outcome, of those whose answers could have so many output tokens or more."""
        return sum(each.outcome == outcome and each.most_output_tokens >= least for each in self.attempts)

    def answer(self, request_id: str, text: str | None, **rest: Any) -> CaptionAnswer:
        """The answer that came of them, with the sums over all attempts."""
        return CaptionAnswer(
            request_id,
            text,
            input_tokens=sum(attempt.input_tokens for attempt in self.attempts),
            output_tokens=sum(attempt.output_tokens for attempt in self.attempts),
            attempts=len(self.attempts),
            unknown=sum(attempt.outcome == UNKNOWN for attempt in self.attempts),
            **rest,
        )


class Ledger:
    """The intents and answers in one store, for one job; `open` it before anything else is asked of it.

    Args:
        files: of the store.
        incarnation: name of the job, which no other has.
    """

    def __init__(self, files: Files, incarnation: str) -> None:
        self.files = files
        self.incarnation = incarnation
        self._known: set[str] = set()  # requests of which something may be stored

    def open(self, llm: str, since: float) -> list[Attempt]:
        """Find what earlier runs left: one listing of each kind, however many requests follow.

        Args:
            llm: `LlmSettings.name`.
            since: in seconds since the epoch.

        Returns:
            The attempts at this LLM since then that other jobs made and whose rows are not published.
        """
        intended = self._ids("intents")
        self._known |= intended | self._ids("answers")
        found: list[Attempt] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for intent in pool.map(self._read, map(_intent, sorted(intended))):
                if intent is not None and intent.get("llm") == llm:
                    found += self._history(intent).attempts
        return [attempt for attempt in found if attempt.at > since and attempt.incarnation != self.incarnation]

    def look_again(self, request_id: str) -> None:
        """Read what there is of a request from the store, though it was not there when the ledger was opened."""
        self._known.add(request_id)

    def answer(self, request_id: str) -> CaptionAnswer | None:
        """The stored answer to a request."""
        value = self._read(_answer(request_id)) if request_id in self._known else None
        try:
            return None if value is None else CaptionAnswer(**value)
        except TypeError as error:
            raise self._broken(_answer(request_id), error) from error

    def history(self, request_id: str) -> History:
        """Earlier attempts at a request. Those without an outcome are unknown: their job died."""
        value = self._read(_intent(request_id)) if request_id in self._known else None
        if value is None:
            return History()
        attempts = self._history(value).attempts
        return History(tuple(replace(each, outcome=UNKNOWN) if each.outcome is None else each for each in attempts))

    def intend(self, request: CaptionRequest, llm: str, history: History) -> None:
        """Write down all attempts at a request: before each, and after each that failed."""
        value = {
            "clip_id": request.clip_id,
            "llm": llm,
            "prompt_hash": prompt_hash(request.prompt),
            "attempts": [asdict(attempt) for attempt in history.attempts],
        }
        self._write(_intent(request.request_id), value)
        self._known.add(request.request_id)

    def store(self, answer: CaptionAnswer) -> None:
        """Write an answer down, before anything else is sent in its place."""
        self._write(_answer(answer.request_id), asdict(answer))
        self._known.add(answer.request_id)

    def leave(self, llm: str, dispatched: Iterable[tuple[float, int]]) -> None:
        """Write down the last window's attempts, as (seconds since the epoch, tokens), for whoever comes next."""
        entries = [list(entry) for entry in dispatched]
        self._write(_limits(llm), {"incarnation": self.incarnation, "dispatched": entries})

    def left(self, llm: str, since: float) -> list[tuple[float, int]]:
        """The attempts after a moment that another job wrote down with `leave`."""
        value = self._read(_limits(llm))
        if value is None or value["incarnation"] == self.incarnation:
            return []
        return [(at, tokens) for at, tokens in value["dispatched"] if at > since]

    def _ids(self, folder: str) -> set[str]:
        return {info.path.rsplit("/", 1)[-1].removesuffix(".json") for info in self.files.list(folder)}

    def _read(self, path: str) -> dict[str, Any] | None:
        try:
            value = json.loads(self.files.read(path))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise self._broken(path, error) from error
        if not isinstance(value, dict):
            raise self._broken(path, TypeError("no JSON object"))
        return value

    def _write(self, path: str, value: dict[str, Any]) -> None:
        self.files.write(path, json.dumps(value).encode())

    def _history(self, intent: dict[str, Any]) -> History:
        try:
            return History(tuple(Attempt(**attempt) for attempt in intent["attempts"]))
        except (KeyError, TypeError) as error:
            raise AsdError(
                f"an intent in {self.files.address('intents')} is broken: {error!r}; remove that folder, and what it "
                "holds is sent again"
            ) from error

    def _broken(self, path: str, error: Exception) -> AsdError:
        return AsdError(f"{self.files.address(path)} is broken: {error}; remove it, and its request is sent again")


def forget(files: Files, request_ids: Iterable[str]) -> None:
    """Remove the intents and answers of requests whose rows are committed to a store."""
    paths = [path for request_id in request_ids for path in (_answer(request_id), _intent(request_id))]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(files.delete, paths))


def _intent(request_id: str) -> str:
    return f"intents/{request_id}.json"


def _answer(request_id: str) -> str:
    return f"answers/{request_id}.json"


def _limits(llm: str) -> str:
    return f"limits/{prompt_hash(llm)}.json"
