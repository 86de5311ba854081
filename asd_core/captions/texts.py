"""The short texts of the zero-shot method: what a malfunctioning machine may sound like.

Ogura et al., "Retrieval-Augmented Approach for Unsupervised Anomalous Sound Detection and Captioning without Model
Training", sections III-C and IV-A.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from asd_core.errors import UsageError
from asd_core.text_files import read_text

PAPER_TEXTS = (
    "Vibration",
    "High-frequency Squealing or Screeching",
    "Popping or Knocking Sounds",
    "Rhythmic Clicking or Tapping",
    "Grinding Sounds",
    "Irregular Patterns",
    "Low-frequency Humming",
    "Unexpected Silence",
)
"""The paper's eight texts, word for word and in its order (section IV-A)."""


_MOST = 64  # texts: a prompt holds (k + 1) figures for each
_LONGEST = 80  # characters: they are labels, and head the columns of a prompt


def texts_of(path: str | Path) -> tuple[str, ...]:
    """The texts that a recipe's ``captions.texts`` names: those of a UTF-8 file, or the paper's for "".

    A file has one text a line; empty lines and lines that begin with ``#`` are left out.

    Raises:
        UsageError: the file cannot be read or holds no text, or a text is too long, given twice, or holds control
            characters.
    """
    if not path:
        return PAPER_TEXTS
    lines = read_text(path, f"the texts in {path}").replace("\r\n", "\n").split("\n")
    texts: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            raise UsageError(f"line {number} of {path} holds control characters, {text[:20]!r}: write plain text")
        if len(text) > _LONGEST:
            raise UsageError(f"line {number} of {path} has {len(text)} characters: a text has at most {_LONGEST}")
        if text.casefold() in texts:
            raise UsageError(f"line {number} of {path} says {text!r} again, as line {texts[text.casefold()]} does")
        texts[text.casefold()] = number
    if not texts or len(texts) > _MOST:
        raise UsageError(f"{path} holds {len(texts)} texts: give 1 to {_MOST}, one a line")
    return tuple(lines[number - 1].strip() for number in texts.values())
