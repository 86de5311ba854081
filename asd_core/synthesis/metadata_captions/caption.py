"""Captions of machine sounds: F_c, eq. 1 of Zhang et al. (FS-TWFR-GMM), and the swap of normal and anomaly."""

from __future__ import annotations

import re
from collections.abc import Mapping

from asd_core.errors import UsageError
from asd_core.synthesis.metadata_captions.attribute_values import attribute_values
from asd_core.synthesis.metadata_captions.phrases import CLAUSES, ITEMS
from asd_core.synthesis.metadata_captions.plain_words import plain_words, words_of_name
from asd_core.synthesis.metadata_captions.templates import template_of

CONDITION_WORDS = {"normal": "normal", "anomalous": "anomaly"}
"""Condition as in CLIPS → its word in a caption."""

LONGEST_CAPTION = 400
"""Characters that no caption exceeds."""

_LONGEST_ATTRIBUTES = 280  # characters of all of them
_SWAPPED = {"normal": "anomaly", "anomaly": "normal"}
_CONDITION = re.compile(r"(This is the )(normal|anomaly)(?= sound of )")


def caption_of(machine_type: str, attributes: Mapping[str, str], condition: str) -> str:
    """The caption of a machine's sound: one sentence of plain words, at most `LONGEST_CAPTION` characters.

    Keys and values may hold anything; see `plain_words`. Attributes that no longer fit are left out.

    Args:
        machine_type: as in CLIPS.
        attributes: key → value, as `attribute_values` gives them.
        condition: "normal" or "anomalous".

    Raises:
        UsageError: another condition.

    Example:
        >>> caption_of("ToyCar", {"car": "B2", "spd": "31V", "mic": "1"}, "anomalous")
        'This is the anomaly sound of a toy car with model B2 and speed 31V, recorded by a microphone placed at the \
position 1.'
    """
    if condition not in CONDITION_WORDS:
        raise UsageError(f"a caption is of condition normal or anomalous, not {condition!r}")
    items: list[str] = []
    clauses: list[str] = []
    room = _LONGEST_ATTRIBUTES
    for key, value in attributes.items():
        phrase = _phrase(key, value)
        room -= len(phrase) + len(" and ")
        if room < 0:
            break
        if phrase:
            (clauses if key in CLAUSES else items).append(phrase)
    noun = template_of(machine_type).noun
    having = f" with {_listed(items)}" if items else ""
    ending = "".join(f", {clause}" for clause in clauses)
    return f"This is the {CONDITION_WORDS[condition]} sound of {noun}{having}{ending}."


def caption_of_clip(machine_type: str, attributes: str, condition: str) -> str:
    """`caption_of` a row of CLIPS, whose attributes are one string."""
    return caption_of(machine_type, attribute_values(attributes), condition)


def swapped_caption(caption: str) -> str:
    """The same caption for the other condition; swapped twice, it is itself again.

    Only the word of the condition changes, wherever else "normal" stands.

    Raises:
        UsageError: it is none of `caption_of`.
    """
    found = _CONDITION.match(caption)
    if not found:
        raise UsageError(f"{caption[:80]!r} is no caption of a normal or an anomaly sound")
    return f"{found[1]}{_SWAPPED[found[2]]}{caption[found.end() :]}"


def anomaly_caption(normal_caption: str) -> str:
    """A normal sound's caption with "anomaly" in place of "normal": C_TA from C_TN, section 2.1.2.

    Raises:
        UsageError: it is no caption of a normal sound.
    """
    caption = swapped_caption(normal_caption)
    if normal_caption.startswith("This is the anomaly"):
        raise UsageError(f"{normal_caption[:80]!r} is of an anomaly already")
    return caption


def _phrase(key: str, value: str) -> str:
    words = plain_words(value.replace("_", " "))
    if not words:
        return ""
    if form := ITEMS.get(key) or CLAUSES.get(key):
        return form.format(words)
    return f"{words_of_name(key)} {words}".strip()


def _listed(items: list[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]]) if len(items) > 1 else items[0]
