"""The attributes of a recording, key by key, from the one string that a clips table holds.

The sets write them in many ways: pairs of a key and a value (``car_B2_spd_31V_mic_1``), keys and values in one word
(``weight15_BckgF``, ``A1Spd28VMic1``), numbers with their units (``0_g_25_mm_2000_mV``) and words without any key
(``glassfiber_none``). A manifest may write ``load=high;speed=3``.
"""

from __future__ import annotations

import re

from asd_core.synthesis.metadata_captions.phrases import KEYS

WORDS = ""
"""Key of the words that belong to no key."""

_LONGEST = 2000  # characters that are looked at
_NO_ATTRIBUTE = re.compile(r"no_?attributes?", re.IGNORECASE)
_GLUED = re.compile(r"((?:weight|spd)(?=\d)|Bckg(?=[A-Z]))([^_]+)(?:_|$)", re.ASCII)
_MICROPHONE = re.compile(r"mic_(imp[^_]+)(?:_|$)")
_TOY = re.compile(r"([A-Z]\d)Spd(\d+V?)Mic(\d+)(?:_|$)", re.ASCII)
_AMOUNT = re.compile(r"([+-]?\d+(?:\.\d+)?)_(g|mm|mV|dB)(?:_|$)", re.ASCII)
_PAIR = re.compile(rf"({'|'.join(sorted(map(re.escape, KEYS), key=len, reverse=True))})_([^_]+)(?:_|$)")
_WORD = re.compile(r"([^_]*)(?:_|$)", re.DOTALL)


def attribute_values(text: str) -> dict[str, str]:
    """The attributes in a string of CLIPS, key by key in their order.

    Words without a key stand together under `WORDS`. No key is guessed: what no set writes is such a word.

    Args:
        text: the column ``attributes`` of a clip.

    Example:
        >>> attribute_values("car_B2_spd_31V_mic_1")
        {'car': 'B2', 'spd': '31V', 'mic': '1'}
        >>> attribute_values("strength_1_ambient")
        {'strength': '1', '': 'ambient'}
        >>> attribute_values("noAttribute")
        {}
    """
    text = text[:_LONGEST].strip("_ ")
    if _NO_ATTRIBUTE.fullmatch(text):
        return {}
    values: dict[str, str] = {}
    for key, value in _assigned(text) if "=" in text else _underscored(text):
        if key or value:
            values[key] = f"{values[key]} {value}" if key in values else value
    return {key: value for key, value in values.items() if value}


def _assigned(text: str) -> list[tuple[str, str]]:
    """``key=value`` with signs or blanks between them."""
    parts = re.split(r"[;,&|\n]+", text)
    pieces = [piece for part in parts for piece in (part.split() if part.count("=") > 1 else [part])]
    pairs = (piece.partition("=") for piece in pieces)
    return [(key.strip(), value.strip()) if sign else (WORDS, key.strip()) for key, sign, value in pairs]


def _underscored(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place = 0
    while place < len(text):
        if toy := _TOY.match(text, place):
            found += zip(("car", "spd", "mic"), toy.groups(), strict=True)
            place = toy.end()
        elif amount := _AMOUNT.match(text, place):
            found.append((amount[2], amount[1]))
            place = amount.end()
        elif kind := _MICROPHONE.match(text, place):
            found.append(("mic_imp", kind[1]))
            place = kind.end()
        elif pair := _GLUED.match(text, place) or _PAIR.match(text, place):
            found.append((pair[1], pair[2]))
            place = pair.end()
        else:
            word = _WORD.match(text, place)
            assert word is not None  # it matches anything
            found.append((WORDS, word[1]))
            place = word.end()
    return found
