"""Requests for captions, their answers, and the protocol of who asks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

ASKED_AGAIN = frozenset({"empty_answer", "llm_failed", "llm_unavailable", "too_large", "budget"})
"""Error reasons that a later run may well get past; not ``llm_refused``: the LLM refuses this request every time."""


@dataclass(frozen=True)
class CaptionRequest:
    """One difference caption wanted.

    Attributes:
        request_id: see `request_id`; a safe file name.
        clip_id: of the clip that is explained.
        prompt: all that the LLM is told.
    """

    request_id: str
    clip_id: str
    prompt: str


@dataclass(frozen=True)
class CaptionAnswer:
    """The answer to a request, or the error in its place.

    Attributes:
        request_id: whose.
        text: the difference caption; None where there is none.
        input_tokens: of all attempts together, as the LLM counted them.
        output_tokens: likewise.
        attempts: how often it was sent, in earlier runs too.
        unknown: those of them whose fate a crash left open: they may have been paid for without an answer.
        warning: the complaint about a text that is kept all the same; None where it is as asked for.
        error_reason: a short stable code where there is no text: ``empty_answer``, ``llm_failed`` (all attempts
            failed), ``llm_refused`` (this request), ``llm_unavailable`` (any request: key, address, LLM's name, quota),
            ``too_large`` (for the limit of tokens a minute), ``budget`` (it is spent).
        error: the same in one line for people.
    """

    request_id: str
    text: str | None
    input_tokens: int = 0
    output_tokens: int = 0
    attempts: int = 0
    unknown: int = 0
    warning: str | None = None
    error_reason: str | None = None
    error: str | None = None

    @property
    def is_asked_again(self) -> bool:
        """True where a later run should ask once more."""
        return self.error_reason in ASKED_AGAIN


class Captioner(Protocol):
    """Asks an LLM in the background, so that captions overlap with scoring."""

    def begin(self) -> None:
        """Wait until it is this run's turn to ask; returns at once from then on.

        What other runs have published is to be looked at afterwards: then nothing of it is paid for again.

        Raises:
            AsdError: there is nobody to ask.
        """
        ...

    def submit(self, requests: Sequence[CaptionRequest]) -> None:
        """Have requests answered; returns at once. One that was submitted before is not asked twice."""
        ...

    def answers(self) -> Iterator[CaptionAnswer]:
        """One answer for each request submitted, in the order in which they come, until all are there.

        Raises:
            AsdError: the store cannot be written, or nobody is left to ask.
        """
        ...

    def close(self) -> None:
        """Stop asking. What is under way is waited for a few seconds; answers that came are in the store."""
        ...


def prompt_hash(prompt: str) -> str:
    """16 hex digits that tell prompts apart."""
    return hashlib.blake2b(prompt.encode(), digest_size=8).hexdigest()


def request_id(clip_id: str, method: str, prompt: str, llm: str) -> str:
    """The same for the same clip, caption method, prompt and LLM, in any run: what is never paid for twice.

    Args:
        clip_id: of the clip.
        method: how the evidence in the prompt was gathered.
        prompt: as sent.
        llm: `asd_core.llm.settings.LlmSettings.name`.
    """
    words = json.dumps([clip_id, method, prompt_hash(prompt), llm])
    return hashlib.blake2b(words.encode(), digest_size=16).hexdigest()


def caption_request(clip_id: str, method: str, prompt: str, llm: str) -> CaptionRequest:
    """A request under its own id; arguments as for `request_id`."""
    return CaptionRequest(request_id(clip_id, method, prompt, llm), clip_id, prompt)
