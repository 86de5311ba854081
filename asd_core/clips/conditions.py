"""Words for the condition of a recording: the one table for every layout, pattern, manifest and file of labels.

Case does not matter, nor do blanks around a word. Numbers and truth values are read as labels are written in this
field: 1 and true mean anomalous, 0 and false normal.
"""

from __future__ import annotations

import re

_NORMAL = ("normal", "ok", "okay", "good", "healthy")
_ANOMALOUS = (
    *("anomalous", "anomaly", "abnormal", "ng", "nok", "not ok", "bad"),
    *("fault", "faulty", "defect", "defective"),
)
_UNKNOWN = ("", "unknown", "unlabeled", "unlabelled", "nan", "none", "null", "n/a")
_TRUTH = {"false": "normal", "true": "anomalous", "0": "normal", "1": "anomalous"}

CONDITIONS = dict.fromkeys(_UNKNOWN, "") | dict.fromkeys(_NORMAL, "normal") | dict.fromkeys(_ANOMALOUS, "anomalous")
CONDITIONS |= _TRUTH
"""Condition as archives write it, in lower case → condition in the tables: "normal", "anomalous" or "" (unknown)."""

EXPECTED = "normal or anomalous (or ok, abnormal, ng, faulty, 0, 1, true, false, ...), or nothing where it is not known"
"""The words in short, for an error message."""

_ZEROS = re.compile(r"([01])[.,]0+", re.ASCII)  # pandas writes a column of 0 and 1 with a gap as 0.0 and 1.0


def condition_of(word: str) -> str | None:
    """The condition that a word tells: "normal", "anomalous", "" where it is not known; None for another word.

    Example:
        >>> [condition_of(word) for word in ("OK", "Abnormal", "1.0", "", "loud")]
        ['normal', 'anomalous', 'anomalous', '', None]
    """
    plain = re.sub(r"[\s_-]+", " ", word.strip().lower())
    return CONDITIONS.get(_ZEROS.sub(r"\1", plain) if plain[:1] in ("0", "1") else plain)


def _any_of(words: list[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)  # a pattern tries "not ok" before "not"
    return "(?i:" + "|".join(word.replace(" ", "[ _-]") for word in longest_first) + ")"


WORDS = _any_of([*_NORMAL, *_ANOMALOUS])
"""A regular expression for the words of a known condition, in any case, without groups."""

WORDS_AND_NUMBERS = _any_of([*_NORMAL, *_ANOMALOUS, *_TRUTH])
"""The same with 0, 1, true and false."""
