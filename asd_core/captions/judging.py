"""What is made of an attempt's outcome: an answer, one more attempt with a complaint, or an error."""

from __future__ import annotations

from collections.abc import Callable

from asd_core.captions.answers import tidy
from asd_core.captions.ledger import ANSWERED, COMPLAINED, EMPTY, REFUSED, History
from asd_core.captions.llm import Message
from asd_core.captions.llm_client import NotAnswered, Outcome, Refused
from asd_core.captions.requests import CaptionAnswer, CaptionRequest

_AGAIN = "That is not as asked for. Please answer the request above once more"
_CUT = "the answer was cut off in the middle; it must be shorter"


def conversation(request: CaptionRequest, history: History) -> list[Message]:
    """What is sent: the prompt, and after an answer that was complained of that answer and the complaint."""
    messages = [{"role": "user", "content": request.prompt}]
    if (earlier := history.complained) is not None and earlier.text and earlier.complaint:
        messages.append({"role": "assistant", "content": earlier.text})
        messages.append({"role": "user", "content": f"{_AGAIN}: {earlier.complaint}."})
    return messages


def judged(
    request_id: str, history: History, outcome: Outcome, check: Callable[[str], str | None]
) -> tuple[History, CaptionAnswer | None]:
    """What an attempt's outcome comes to.

    Args:
        request_id: whose.
        history: all attempts, of which the last has no outcome yet.
        outcome: of that one.
        check: None where an answer is as asked for, else what the LLM is told.

    Returns:
        All attempts, and the answer; None where another attempt is to be made.
    """
    match outcome:
        case NotAnswered():
            return history.ended(outcome=outcome.reason, message=outcome.message), None
        case Refused():
            ended = history.ended(outcome=REFUSED, message=outcome.message)
            if not outcome.all_alike and history.complained is not None:
                return ended, given_up(request_id, ended)
            reason = "llm_unavailable" if outcome.all_alike else REFUSED
            return ended, ended.answer(request_id, None, error_reason=reason, error=outcome.message)
    ended = history.ended(outcome=ANSWERED, input_tokens=outcome.input_tokens, output_tokens=outcome.output_tokens)
    text = tidy(outcome.text)
    if not text:
        told = "the answer is empty" + ", cut off at the limit of output tokens" * outcome.is_cut
        return ended.ended(outcome=EMPTY, message=told), None
    complaint = check(outcome.text) or (_CUT if outcome.is_cut else None)
    if complaint is None:
        return ended, ended.answer(request_id, text)
    if history.complained is None:
        return ended.ended(outcome=COMPLAINED, text=text, complaint=complaint), None
    return ended, ended.answer(request_id, text, warning=f"kept although: {complaint}")


def given_up(request_id: str, history: History) -> CaptionAnswer:
    """What is left when no further attempt is made: the answer that was complained of, or an error."""
    if (kept := history.complained) is not None:
        return history.answer(request_id, kept.text, warning=f"kept although: {kept.complaint}")
    last = history.attempts[-1]
    reason = EMPTY if last.outcome == EMPTY else "llm_failed"
    told = f"{len(history.attempts)} attempts, the last: {last.message}"
    return history.answer(request_id, None, error_reason=reason, error=told)
