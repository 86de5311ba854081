"""Labelling scored clips and machine-nights: each answer is checked against the scores before it is kept."""

from __future__ import annotations

import difflib
import os
import urllib.parse
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import UNDATED
from asd_core.clips.selection import checked_date
from asd_core.errors import UsageError, did_you_mean
from asd_core.readable import clip_name, readable
from asd_core.store.addresses import canonical_uri
from asd_core.store.label_tables import REMOVED
from asd_core.store.run_records import SCORING
from asd_core.store.store import Store
from asd_core.store.tables import LABELS, rows_of

AskedAnswer = Literal["normal", "fault", "ignore", "removed"]
ANSWERS: tuple[AskedAnswer, ...] = get_args(AskedAnswer)

MOST_CHARACTERS = 1000
"""Of the words of an answer, and of a name."""

_READ = ("machine_type", "machine_id", "date", "uri", "anomaly_score", "error_reason")
_GIVEN = pa.schema([field for field in LABELS if field.name != "labelled_at"])
_NAMED = 3  # machines that a message names


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
    scores, refused = _ScoredNights(store), dict[int, str]()
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    scores.look_for([_addresses(one.uri) for one in asked if one.uri and not one.date and one.answer != REMOVED])
    for number, one in enumerate(asked):
        try:
            row = _checked(one) | (_labelled_place(store, one) if one.answer == REMOVED else scores.place_of(one))
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
    if not _is_text(words + by):
        raise UsageError(f"{readable(words or by)!r} is no UTF-8: write it in letters")
    until = checked_date(asked.until) if asked.until else None
    if (asked.answer == "ignore") != (until is not None):
        raise UsageError("the last night to ignore and the answer ignore go together: give both or neither")
    if asked.answer == "ignore" and asked.uri:
        raise UsageError("a clip cannot be ignored until a date: name the machine and the night")
    if until is not None and asked.date != UNDATED and asked.date and until < checked_date(asked.date):
        raise UsageError(f"ignored until {until}, which is before the night of {asked.date}: name a later date")
    return {"answer": asked.answer, "words": words or None, "until": until, "labelled_by": by or None}


class _ScoredNights:
    """The scored clips of a store, of all recipes, read night by night."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, list[str]] = {}  # date → recipes that scored it
        for entry in store.entries(SCORING):
            for date in store.dates_of(entry):
                self._keys.setdefault(date, [])
                self._keys[date] += [entry.key] * (entry.key not in self._keys[date])
        self._nights: dict[str, pa.Table] = {}
        self._clips: dict[str, dict[str, Any]] = {}

    def place_of(self, asked: AskedLabel) -> dict[str, Any]:
        """Machine, date and address that an answer is about.

        Raises:
            UsageError: it was never scored.
        """
        date = asked.date if asked.date in ("", UNDATED) else checked_date(asked.date)
        if asked.uri:
            return self._clip(asked.uri, date)
        if not asked.machine or not date:
            raise UsageError("name a clip, or a machine and its night: --machine TYPE/ID --date DATE")
        return self._machine(asked.machine, date)

    def look_for(self, clips: Sequence[Sequence[str]]) -> None:
        """Find clips, the newest night first, and read no further once all are found.

        Args:
            clips: addresses that each may have.
        """
        dates = sorted(self._keys, key=lambda date: (date != UNDATED, date), reverse=True)
        wanted = {name for names in clips for name in names}
        for date in dates:
            if all(any(name in self._clips for name in names) for names in clips):
                return
            self._keep(self._night(date), wanted)

    def _clip(self, text: str, date: str) -> dict[str, Any]:
        names = _addresses(text)
        if date:
            self._known_night(date)
            self._keep(self._night(date), set(names))
        row = next((self._clips[name] for name in names if name in self._clips), None)
        if row is None or (date and row["date"] != date):
            where = f"in the night of {date}" if date else "in this store"
            raise UsageError(f"no clip {readable(text)!r} was scored {where}{self._same_name(text)}")
        if row["anomaly_score"] is None:
            raise UsageError(
                f"the clip {readable(text)!r} could not be scored ({row['error_reason']}): there is no score"
            )
        return {name: row[name] for name in ("machine_type", "machine_id", "date", "uri")}

    def _machine(self, machine: str, date: str) -> dict[str, Any]:
        self._known_night(date)
        night = self._night(date)
        machines = night.group_by(["machine_type", "machine_id"]).aggregate([("anomaly_score", "count")])
        told = {
            f"{kind}/{name}": (kind, name, count) for kind, name, count in rows_of(machines, *machines.column_names)
        }
        if machine not in told:
            raise UsageError(f"no machine {readable(machine)!r} was scored on {date}{near_machine(machine, told)}")
        kind, name, count = told[machine]
        if not count:
            raise UsageError(f"no clip of {readable(machine)} on {date} could be scored: there is nothing to label")
        return {"machine_type": kind, "machine_id": name, "date": date, "uri": None}

    def _known_night(self, date: str) -> None:
        if date not in self._keys:
            latest = max((one for one in self._keys if one != UNDATED), default="")
            raise UsageError(f"no night of {date} is scored" + (f": the latest is {latest}" if latest else ""))

    def _night(self, date: str) -> pa.Table:
        if date not in self._nights:
            tables = [self._store.scores(key, date, _READ).select(_READ) for key in self._keys[date]]
            self._nights[date] = pa.concat_tables(tables)
        return self._nights[date]

    def _keep(self, rows: pa.Table, wanted: Iterable[str]) -> None:
        own = rows.filter(pc.is_in(rows["uri"], value_set=pa.array(sorted(wanted), pa.string())))
        for row in own.to_pylist():
            if row["anomaly_score"] is not None or row["uri"] not in self._clips:
                self._clips[row["uri"]] = row

    def _same_name(self, text: str) -> str:
        """A hint at a clip of the same file name among the nights that were read; "" without one."""
        name = clip_name(_addresses(text)[0])
        for _, rows in sorted(self._nights.items(), reverse=True):
            for uri in rows["uri"].to_pylist():
                if clip_name(uri) == name:
                    return f"; did you mean {uri!r}?"
        return "; name it as the column uri of the scores does"


def _labelled_place(store: Store, asked: AskedLabel) -> dict[str, Any]:
    """Machine, date and address of an answer that is to be taken back."""
    names = _addresses(asked.uri) if asked.uri else []
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


def near_machine(machine: str, known: Iterable[str]) -> str:
    """A hint at the machine most likely meant, or at some that there are."""
    names = sorted(known)
    near = difflib.get_close_matches(machine, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {readable(near[0])!r}?"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"; there are {', '.join(map(readable, names[:_NAMED]))}{more}: write TYPE/ID"


def _addresses(text: str) -> list[str]:
    """The addresses that a text may stand for: as it is, and as the scores write it."""
    if "://" not in text:
        own = f"file://{urllib.parse.quote_from_bytes(os.fsencode(os.path.abspath(text)))}"
    else:
        try:
            own = canonical_uri(text)
        except UsageError:  # embeddings that were imported may have addresses of their own
            own = text
    return [name for name in dict.fromkeys([own, text]) if _is_text(name)]


def _is_text(text: str) -> bool:
    """False for bytes that are no UTF-8, which no column of the store holds."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
