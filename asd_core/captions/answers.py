"""The check of a language model's answer: is it the difference caption that was asked for?

The rule is the paper's (Ogura et al., section IV-A): the sentence begins with "This sound is" and is finished within 40
words. What else is checked keeps a caption one line of plain text.
"""

from __future__ import annotations

import re

from asd_core.captions.prompts import ANSWER_START, ANSWER_WORDS
from asd_core.llm.verdicts import LONGEST_ANSWER, unwrapped

_START = re.compile(re.escape(ANSWER_START) + r"\s+\S", re.IGNORECASE)
_MARKUP = re.compile(r"\*\*|__|`|^#|</?[a-z][^<>]*>", re.IGNORECASE)


def check_answer(text: str) -> str | None:
    """Say what is wrong with an answer; None where nothing is.

    The complaint is one clause without a full stop that says what must be instead: it is told to the language model
    when it is asked once more, and kept as the warning where that answer is no better. Blanks and quotation marks
    around the answer are no reason to ask again, nor is another case of the first words.

    Args:
        text: the answer as it came.
    """
    answer = unwrapped(text)
    words = len(answer.split())
    if not words:
        return "the answer is empty; it must be one sentence"
    if not _START.match(answer):
        return f'the answer must begin with "{ANSWER_START}"'
    if words > ANSWER_WORDS:
        return f"the answer has {words} words; it must be finished within {ANSWER_WORDS}"
    if len(answer) > LONGEST_ANSWER:
        return f"the answer has {len(answer)} characters; it must have at most {LONGEST_ANSWER}"
    if len(answer.splitlines()) > 1 or _MARKUP.search(answer):
        return "the answer must be one line of plain text, without markup"
    return None
