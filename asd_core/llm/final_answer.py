"""The answer in what an LLM wrote: without its reasoning, and without what chat puts around a sentence.

Servers should part reasoning from the answer. Many hand it through (vLLM without a reasoning parser, llama.cpp, Ollama,
templates that open ``<think>`` in the prompt, so that only ``</think>`` is seen). Chat models like to announce an
answer, fence it or offer more.
"""

from __future__ import annotations

import json
import re

_NAMES = r"(?:seed:)?(?:think|thinking|thoughts?|reasoning|reflection|analysis|scratchpad)"
# <think>, [THINK] of Mistral, <|begin_of_thought|>, <|START_THINKING|> of Cohere, ◁think▷ of Kimi
_OPENED = re.compile(
    rf"<{_NAMES}\b[^<>]*>|\[{_NAMES}\]|<\|(?:(?:begin|start)_?(?:of_)?)?{_NAMES}\|>|◁{_NAMES}▷", re.IGNORECASE
)
_CLOSED = re.compile(
    rf"</{_NAMES}\s*>|\[/{_NAMES}\]|<\|(?:end_?(?:of_)?|/){_NAMES}\|>|◁/{_NAMES}▷|\.\.\.done thinking\.", re.IGNORECASE
)
# Words in place of marks: "Reasoning: ... Final answer: ..."
_LABELLED = re.compile(
    r"[\s*#]*(?:thinking|reasoning|thoughts?|analysis)[\s*]*:.*"
    r"\n[\s*#]{0,20}(?:final )?(?:answer|caption|response)[\s*]{0,20}:[\s*]*(?P<text>.*)",
    re.IGNORECASE | re.DOTALL,
)
# gpt-oss: channels, with their marks or, where the server drops special tokens, without
_CHANNEL = re.compile(
    r"<\|channel\|>\s*(?P<name>\w{1,40})[^<]{0,200}<\|message\|>(?P<text>.*?)(?=<\|(?:end|return|start|channel|call)\|>|$)",
    re.DOTALL,
)
_BARE_CHANNELS = re.compile(r"\s*analysis(?=[A-Z\s]).*?assistantfinal(?P<text>.*)", re.DOTALL)
_BARE_ANALYSIS = re.compile(r"\s*analysis(?=[A-Z][^\n]*\s)(?!.*assistantfinal)", re.DOTALL)
_SPECIAL = re.compile(r"<\|[a-z_0-9]+\|>|</?s>|<(?:end|start)_of_turn>", re.IGNORECASE)

_FENCED = re.compile(r"(?:```|~~~)[^\S\n]*(?:[\w+-]*[^\S\n]*\n)?(?P<text>.*?)(?:```|~~~|$)", re.DOTALL)
_TAGGED = re.compile(
    r"<(?P<name>answer|final|final_answer|caption|output|response|sentence|result|p)>(?P<text>.*?)(?:</(?P=name)>|$)",
    re.DOTALL | re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"(?:(?:sure|okay|ok|certainly|of course|absolutely)(?: thing)?(?:[!.,]\s+|\s+(?=here))"
    r"|here(?:'s| is| are)\b[^\n:]{0,120}:\s+"
    r"|[*_#\s]*(?:(?:final|difference|my|the)\s+)*(?:caption|answer|response|output|description|sentence)[*_]*:[*_]*\s+"
    r"|[^\n]{1,120}:[*_]*\s*\n\s*"  # a line of its own that ends in a colon
    r")(?=\S)",
    re.IGNORECASE,
)
_OFFER = re.compile(
    r"\n\s*\n\s*(?:let me know|i hope|feel free|would you|do you want|if you|please let|note\b"
    r"|\(?\d+ words|\(?word count).*",
    re.IGNORECASE | re.DOTALL,
)
_ITEM = re.compile(r"(?:[-*•>]|1[.)])\s+(?=\S)")
_WRAPS = ("**", "__", "`", "*")

# An answer of a million characters of the right kind would take these patterns hours.
_LONG_BLANK = re.compile(r"(\s{8})\s{25,}")
_MOST_CHARACTERS = 16_000  # of what is unpacked
_MOST_LAYERS = 16


def final_answer(text: str) -> tuple[str, bool]:
    """The answer, stripped, and true where the text ends within reasoning, so that the answer never began.

    Reasoning is what lies before the last closing mark, between marks, or behind an opening mark that is never closed.
    A text without any of all that comes back as it is.
    """
    spoken, is_cut = _without_reasoning(_LONG_BLANK.sub(r"\1", text))
    answer = _SPECIAL.sub("", spoken).strip()[:_MOST_CHARACTERS]
    for _ in range(_MOST_LAYERS):
        if (inner := _unpacked(answer)) == answer:
            break
        answer = inner
    return answer, is_cut and not answer


def _without_reasoning(text: str) -> tuple[str, bool]:
    if channels := list(_CHANNEL.finditer(text)):
        final = [channel["text"] for channel in channels if channel["name"] == "final"]
        return ("".join(final), False) if final else ("", True)
    if (bare := _BARE_CHANNELS.match(text)) is not None:
        return bare["text"], False
    if _BARE_ANALYSIS.match(text):
        return "", True
    if (labelled := _LABELLED.match(text)) is not None:
        return labelled["text"], False
    closed = list(_CLOSED.finditer(text))
    behind = text[closed[-1].end() :] if closed else text
    if (opened := _OPENED.search(behind)) is not None:
        return behind[: opened.start()], True
    if closed and not behind.strip():  # the answer may stand before the reasoning
        first = _OPENED.search(text)
        return _without_reasoning(text[: first.start()]) if first is not None else ("", False)
    return behind, False


def _unpacked(answer: str) -> str:
    """The answer without one layer of what is around it; as it is where there is none."""
    for wrapped in (_FENCED, _TAGGED):
        if (match := wrapped.search(answer)) is not None and match["text"].strip():
            return match["text"].strip()
    if (text := _only_text(answer)) is not None:
        return text
    for mark in _WRAPS:
        inner = answer[len(mark) : -len(mark)]
        if answer.startswith(mark) and answer.endswith(mark) and inner.strip() and mark not in inner:
            return inner.strip()
    if "\n" not in answer and (item := _ITEM.match(answer)) is not None:
        return answer[item.end() :]
    return _OFFER.sub("", _LEAD_IN.sub("", answer, count=1) if _LEAD_IN.match(answer) else answer).strip()


def _only_text(answer: str) -> str | None:
    """The text in a JSON object of a single text, ``{"caption": "..."}``."""
    if not answer.startswith("{"):
        return None
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    values = list(value.values()) if isinstance(value, dict) else []
    return values[0].strip() if len(values) == 1 and isinstance(values[0], str) and values[0].strip() else None
