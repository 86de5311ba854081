"""Labelling clips and machine-nights: each answer is checked against what was scored or learnt before it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa

from asd_core.clips.clip import UNDATED
from asd_core.clips.selection import checked_date
from asd_core.errors import UsageError, did_you_mean
from asd_core.readable import readable
from asd_core.runs.known_clips import KnownNights, addresses, is_text
from asd_core.store.alarm_schemas import LABELS
from asd_core.store.label_tables import REMOVED
from asd_core.store.store import Store

AskedAnswer = Literal["normal", "fault", "ignore", "removed"]
ANSWERS: tuple[AskedAnswer, ...] = get_args(AskedAnswer)

MOST_CHARACTERS = 1000
"""Of the words of an answer, and of a name."""

_GIVEN = pa.schema([field for field in LABELS if field.name != "labelled_at"])


@dataclass(frozen=True)
class AskedLabel:
    """An answer of a person, before it is checked.

    Attributes:
        answer: ``normal``, ``fault``, ``ignore``, or ``removed`` to take the last answer back.
        uri: of a clip, as in the scores or as a plain path; "" for a machine's night.
        machine: ``TYPE/ID``, of a machine's night.
        date: of a machine's night; of a clip it may be left out, and narrows the search.
        words: of the person, for people.
        until: last night that an alarm is ignored.
        labelled_by: name of the person; "" tells none.
    """

    answer: str
    uri: str = ""
    machine: str = ""
    date: str = ""
    words: str = ""
    until: str = ""
    labelled_by: str = ""


@dataclass(frozen=True)
class Labelled:
    """The outcome of labelling.

    Attributes:
        rows: of LABELS that were kept.
        refused: position of each answer that was not, from 0 → why, in one line.
    """

    rows: pa.Table
    refused: dict[int, str]


def label(store: Store, asked: Sequence[AskedLabel]) -> Labelled:
    """Keep answers; one that cannot be is refused with its reason, and the others are kept all the same.

    Args:
        store: whose scores they are about, of any recipe.
        asked: the answers; of several on one clip or night the last counts.
    """
    known, refused = KnownNights(store), dict[int, str]()
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    known.look_for([addresses(one.uri) for one in asked if one.uri and not one.date and one.answer != REMOVED])
    for number, one in enumerate(asked):
        try:
            row = _checked(one) | (
                _labelled_place(store, one) if one.answer == REMOVED else known.place_of(one.uri, one.machine, one.date)
            )
        except UsageError as error:
            refused[number] = str(error)
            continue
        found[(row["uri"],) if row["uri"] else (row["machine_type"], row["machine_id"], row["date"])] = row
    if not found:
        return Labelled(LABELS.empty_table(), refused)
    return Labelled(store.keep_labels(pa.Table.from_pylist(list(found.values()), _GIVEN)), refused)


def _checked(asked: AskedLabel) -> dict[str, Any]:
    """The columns of an answer that do not depend on scores."""
    if asked.answer not in ANSWERS:
        raise UsageError(f"unknown answer {asked.answer!r}" + did_you_mean(asked.answer, ANSWERS))
    words, by = asked.words.strip(), asked.labelled_by.strip()
    if asked.answer == "fault" and not words:
        raise UsageError("a fault needs words: what is wrong, such as 'bearing'")
    if too_long := next((text for text in (words, by) if len(text) > MOST_CHARACTERS), ""):
        raise UsageError(f"{len(too_long)} characters are too many: write at most {MOST_CHARACTERS}")
    if not is_text(words + by):
        raise UsageError(f"{readable(words or by)!r} is no UTF-8: write it in letters")
    until = checked_date(asked.until) if asked.until else None
    if (asked.answer == "ignore") != (until is not None):
        raise UsageError("the last night to ignore and the answer ignore go together: give both or neither")
    if asked.answer == "ignore" and asked.uri:
        raise UsageError("a clip cannot be ignored until a date: name the machine and the night")
    if until is not None and asked.date == UNDATED:
        raise UsageError("recordings without a date cannot be ignored until one")
    if until is not None and asked.date and until < checked_date(asked.date):
        raise UsageError(f"ignored until {until}, which is before the night of {asked.date}: name a later date")
    return {"answer": asked.answer, "words": words or None, "until": until, "labelled_by": by or None}


def _labelled_place(store: Store, asked: AskedLabel) -> dict[str, Any]:
    """Machine, date and address of an answer that is to be taken back."""
    names = addresses(asked.uri) if asked.uri else []
    for row in store.labels().to_pylist():
        is_clip = row["uri"] is not None and row["uri"] in names
        is_night = not names and (f"{row['machine_type']}/{row['machine_id']}", row["date"]) == (
            asked.machine,
            asked.date,
        )
        if is_clip or (is_night and row["uri"] is None):
            return {name: row[name] for name in ("machine_type", "machine_id", "date", "uri")}
    subject = readable(asked.uri or f"{asked.machine} on {asked.date}")
    raise UsageError(f"{subject!r} has no label to take back: asd label --list names those that there are")
