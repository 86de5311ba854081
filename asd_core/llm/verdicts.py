"""From an attempt's outcome to what follows: an answer, one more attempt with a complaint, or an error."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from asd_core.llm.ledger import ANSWERED, COMPLAINED, CUT, DECLINED, EMPTY, REFUSED, TOOL_CALL, History
from asd_core.llm.replies import Answered, NotAnswered, Outcome, Refused, one_line
from asd_core.llm.requests import CaptionAnswer, CaptionRequest
from asd_core.llm.settings import Message

Check = Callable[[str], str | None]
"""None where an answer is as asked for; else the complaint, one clause without a full stop, that the LLM is told."""

LONGEST_ANSWER = 1000
"""Characters kept of an answer; one of 40 words has some 250."""

_AGAIN = "That is not as asked for. Please answer the request above once more"
_CUT = "the answer was cut off in the middle; it must be shorter"
_ENOUGH = 2  # answers without a text that were paid for and will hardly become better
_REFUSALS = 3  # without any answer: requests, or attempts at one
_MOST_UNREADABLE = 4  # answers in which there is nothing to read: each may have been paid for
_MOST_TIMES = {"refused": _REFUSALS, "no_completion": _MOST_UNREADABLE}


class Refusals:
    """Tells the refusal of one request from a refusal of all, for one job.

    A server that refuses a request with 400 may mean that request, or what all have in common: a parameter, the LLM's
    name, a proxy's page. It means the request once it has answered another.
    """

    def __init__(self) -> None:
        self._has_answered = False
        self._refused: set[str] = set()

    def heard(self, request_id: str, outcome: Outcome) -> Outcome:
        """An outcome as it is to be taken: a refusal before any answer is not final, and the third is of all."""
        self._has_answered |= isinstance(outcome, Answered)
        if not isinstance(outcome, Refused) or outcome.all_alike or outcome.is_of_content or self._has_answered:
            return outcome
        self._refused.add(request_id)
        if len(self._refused) < _REFUSALS:
            return NotAnswered("refused", outcome.message)
        told = f"no request was answered, and the first {_REFUSALS} were refused: {outcome.message}"
        return Refused(told, all_alike=True)


def conversation(request: CaptionRequest, history: History) -> list[Message]:
    """The messages to send: the prompt; after a complaint also the answer in question and the complaint."""
    messages = [{"role": "user", "content": request.prompt}]
    if (earlier := history.complained) is not None and earlier.text and earlier.complaint:
        messages.append({"role": "assistant", "content": earlier.text})
        messages.append({"role": "user", "content": f"{_AGAIN}: {earlier.complaint}."})
    return messages


def judged(request_id: str, history: History, outcome: Outcome, check: Check) -> tuple[History, CaptionAnswer | None]:
    """Decide what follows from an attempt's outcome; an answer that cannot be judged is none.

    Args:
        request_id: whose.
        history: all attempts, of which the last has no outcome yet.
        outcome: of that one.
        check: of an answer.

    Returns:
        All attempts, and the answer; None where another attempt is to be made.
    """
    try:
        return _judged(request_id, history, outcome, check)
    except Exception as error:
        told = one_line(f"the answer cannot be judged: {error!r}")
        return _judged(request_id, history, NotAnswered("no_completion", told, may_cost=True), check)


def _judged(request_id: str, history: History, outcome: Outcome, check: Check) -> tuple[History, CaptionAnswer | None]:
    match outcome:
        case NotAnswered():
            ended = history.ended(outcome=outcome.reason, message=outcome.message)
            is_over = ended.times(outcome.reason) >= _MOST_TIMES.get(outcome.reason, len(ended.attempts) + 1)
            return ended, given_up(request_id, ended) if is_over else None
        case Refused():
            ended = history.ended(outcome=REFUSED, message=outcome.message)
            if not outcome.all_alike and history.complained is not None:
                return ended, given_up(request_id, ended)
            reason = "llm_unavailable" if outcome.all_alike else REFUSED
            return ended, ended.answer(request_id, None, error_reason=reason, error=outcome.message)
    ended = history.ended(outcome=ANSWERED, input_tokens=outcome.input_tokens, output_tokens=outcome.output_tokens)
    text = tidy(outcome.text)
    if not text:
        return _without_text(request_id, ended, outcome)
    complaint = check(outcome.text) or (_CUT if outcome.is_cut else None)
    if complaint is None:
        return ended, ended.answer(request_id, text)
    if history.complained is None:
        return ended.ended(outcome=COMPLAINED, text=text, complaint=complaint), None
    return ended, ended.answer(request_id, text, warning=f"kept although: {complaint}")


def given_up(request_id: str, history: History) -> CaptionAnswer:
    """The answer when no further attempt is made: the one that was complained of, or an error."""
    if (kept := history.complained) is not None:
        return history.answer(request_id, kept.text, warning=f"kept although: {kept.complaint}")
    if not history.attempts:
        return history.answer(request_id, None, error_reason="llm_failed", error="no attempt was made")
    last = history.attempts[-1]
    reason = {EMPTY: EMPTY, CUT: EMPTY}.get(last.outcome or "", "llm_failed")
    if history.times(DECLINED) >= _ENOUGH:
        reason = REFUSED
    told = f"{len(history.attempts)} attempts, the last: {last.message}"
    return history.answer(request_id, None, error_reason=reason, error=told)


def cut_short(request_id: str, history: History, most_output_tokens: int) -> CaptionAnswer | None:
    """The end of a request whose answers were cut off before they began, as those of LLMs that think at length are.

    Args:
        request_id: whose.
        history: all attempts.
        most_output_tokens: of the next answer; None is returned where it could have more than those that were cut off.
    """
    if history.times(CUT, most_output_tokens) < _ENOUGH:
        return None
    if history.complained is not None:
        return given_up(request_id, history)
    told = next(each.message for each in reversed(history.attempts) if each.outcome == CUT)
    return history.answer(request_id, None, error_reason=EMPTY, error=f"{told}")


def _without_text(request_id: str, history: History, outcome: Answered) -> tuple[History, CaptionAnswer | None]:
    """As `judged`, of an answer in which there is nothing to read; the same again would be paid for again."""
    most = history.attempts[-1].most_output_tokens
    if outcome.declined is not None:
        ended = history.ended(outcome=DECLINED, message=f"the LLM declines: {outcome.declined}")
    elif outcome.calls_tool:
        ended = history.ended(outcome=TOOL_CALL, message="the LLM calls a tool and gives no answer")
    elif outcome.is_cut:
        told = f"the answer was cut off at {most} output tokens, before it began: raise --llm-max-output-tokens"
        ended = history.ended(outcome=CUT, message=told)
        return ended, cut_short(request_id, ended, most)
    else:
        ended = history.ended(outcome=EMPTY, message="the answer is empty")
    is_over = max(ended.times(DECLINED), ended.times(TOOL_CALL)) >= _ENOUGH or ended.times(EMPTY) >= _MOST_UNREADABLE
    return ended, given_up(request_id, ended) if is_over else None


_QUOTES = ('""', "''", "\u201c\u201d", "\u2018\u2019", "\u201e\u201c", "\u201a\u2018", "\u00ab\u00bb")


def tidy(text: str) -> str:
    """An answer as it is kept: one line, without what cannot be seen, quotation marks around it or excess length.

    Empty where there was nothing but blanks. The words themselves are left as they are: what shows them escapes them.
    """
    kept = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in unwrapped(text))
    line = " ".join(kept.split())
    return line if len(line) <= LONGEST_ANSWER else line[: LONGEST_ANSWER - 1].rstrip() + "…"


def unwrapped(text: str) -> str:
    """An answer without blanks and quotation marks around it."""
    answer = text.strip()
    while len(answer) > 1 and answer[0] + answer[-1] in _QUOTES:
        answer = answer[1:-1].strip()
    return answer
