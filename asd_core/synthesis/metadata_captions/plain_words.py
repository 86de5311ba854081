"""Texts that anybody may have written, as plain words of bounded length."""

from __future__ import annotations

import re
import unicodedata

_KEPT_SIGNS = frozenset(".+-%°")
_DIGIT = re.compile(r"\d")
_CAMEL = re.compile(r"(?<=[A-Za-z0-9])(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])")


def plain_words(text: str, longest: int = 40) -> str:
    r"""The letters, digits and units of a text, with single blanks between words; the rest becomes blanks.

    Markup, quotes, line breaks, control and invisible characters, and bytes that are no UTF-8 are such a rest.

    Args:
        text: of any kind.
        longest: characters that are kept; the last word that does not fit is left out, or cut where it is the only one.

    Example:
        >>> plain_words("31V\n<b>loud</b>")
        '31V b loud b'
    """
    kept = "".join(sign if _is_kept(sign) else " " for sign in unicodedata.normalize("NFC", text[: 4 * longest]))
    words = [word for word in (_without_loose_signs(word) for word in kept.split()) if word]
    while len(words) > 1 and len(" ".join(words)) > longest:
        words.pop()
    return " ".join(words)[:longest].rstrip()


def words_of_name(name: str) -> str:
    """A name as words: ``HairDryer`` is "hair dryer", ``hydraulic_press-2`` is "hydraulic press 2"."""
    parts = plain_words(re.sub(r"[_-]", " ", _CAMEL.sub(" ", name[:200]))).split()
    return " ".join(part if part.isupper() or _DIGIT.match(part) else part.lower() for part in parts)


def _is_kept(sign: str) -> bool:
    return sign in _KEPT_SIGNS or unicodedata.category(sign)[0] in "LNM"


def _without_loose_signs(word: str) -> str:
    """The word without the full stops around it, or nothing where it has no letter and no digit."""
    word = word.strip(".")
    return word if any(sign.isalnum() for sign in word) else ""
