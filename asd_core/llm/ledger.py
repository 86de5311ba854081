"""The ledger of what was sent to an LLM and what came back, so that no answer is paid for twice after a crash.

    intents/<request id>.json    every attempt at it, written before the attempt and after one that failed
    answers/<request id>.json    its answer, written before the next request is sent in its place
    limits/<LLM>.json            the last minute's attempts of a run that ended, for the next to count

An attempt that was written down and has neither outcome nor answer is *unknown*: a crash came between, and it may have
been paid for. It is counted, and asked again. Once the rows of a run are committed, its intents and answers go.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeVar

from asd_core.errors import AsdError
from asd_core.llm.cleaning import read_json
from asd_core.llm.requests import CaptionAnswer, CaptionRequest, prompt_hash
from asd_core.llm.stored import Attempt, read_answer, read_attempts, read_moments
from asd_core.store.files import Files

ANSWERED, EMPTY, COMPLAINED, REFUSED, UNKNOWN = "answered", "empty_answer", "complained", "llm_refused", "unknown"
CUT, DECLINED, TOOL_CALL = "cut_off", "declined", "tool_call"
"""Outcomes of attempts, beside the reasons of `asd_core.llm.replies.NotAnswered`."""

T = TypeVar("T")

_AT_ONCE = 32  # files read or deleted


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
            The attempts at this LLM since then that other jobs made and whose rows are not published. Intents that
            are broken are left out: whoever asks for such a request again is told.
        """
        intended = self._ids("intents")
        self._known |= intended | self._ids("answers")
        found: list[Attempt] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for intent in pool.map(self._attempts_at(llm), sorted(intended)):
                found += intent
        return [attempt for attempt in found if attempt.at > since and attempt.incarnation != self.incarnation]

    def look_again(self, request_id: str) -> None:
        """Read what there is of a request from the store, though it was not there when the ledger was opened."""
        self._known.add(request_id)

    def answer(self, request_id: str) -> CaptionAnswer | None:
        """The stored answer to a request.

        Raises:
            AsdError: it is broken, or cannot be read.
        """
        if request_id not in self._known:
            return None
        return self._read(_answer(request_id), lambda value: read_answer(value, request_id))

    def history(self, request_id: str) -> History:
        """Earlier attempts at a request. Those without an outcome are unknown: their job died.

        Raises:
            AsdError: the record of them is broken, or cannot be read.
        """
        attempts = self._read(_intent(request_id), read_attempts) if request_id in self._known else None
        if attempts is None:
            return History()
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
        """The attempts after a moment that another job wrote down with `leave`.

        Raises:
            AsdError: the record of them is broken, or cannot be read.
        """
        incarnation, moments = self._read(_limits(llm), read_moments) or (None, [])
        return [(at, tokens) for at, tokens in moments if at > since and incarnation != self.incarnation]

    def _ids(self, folder: str) -> set[str]:
        return {info.path.rsplit("/", 1)[-1].removesuffix(".json") for info in self.files.list(folder)}

    def _attempts_at(self, llm: str) -> Callable[[str], tuple[Attempt, ...]]:
        def read(request_id: str) -> tuple[Attempt, ...]:
            with suppress(AsdError, ValueError):
                intent = self._read(_intent(request_id), lambda value: value)
                return read_attempts(intent) if isinstance(intent, dict) and intent.get("llm") == llm else ()
            return ()

        return read

    def _read(self, path: str, reader: Callable[[object], T]) -> T | None:
        """The record in a file; None where there is none."""
        try:
            return reader(read_json(self.files.read(path)))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise AsdError(f"{self.files.address(path)} cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise AsdError(
                f"{self.files.address(path)} is broken: {error}; remove it, and its request is sent again"
            ) from error

    def _write(self, path: str, value: dict[str, Any]) -> None:
        self.files.write(path, json.dumps(value).encode())


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
