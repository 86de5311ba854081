"""The clips and nights of machines that a store knows, to be named by people."""

from __future__ import annotations

import difflib
import os
import urllib.parse
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import UNDATED
from asd_core.clips.selection import checked_date
from asd_core.errors import AsdError, UsageError
from asd_core.readable import clip_name, readable
from asd_core.store.addresses import canonical_uri
from asd_core.store.run_records import SCORING
from asd_core.store.store import Store
from asd_core.store.tables import SCORES, from_parquet, rows_of

_MACHINE = ("machine_type", "machine_id")
_READ = (*_MACHINE, "date", "uri", "error_reason")
_NOTHING = SCORES.empty_table().select(_READ)
_NAMED = 3  # machines that a message names

_Machines = dict[str, tuple[str, str]]


class KnownNights:
    """The clips of a store that were scored or learnt, by whatever recipe, read night by night."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys: dict[str, list[str]] = {}  # date → recipes that scored it
        for entry in store.entries(SCORING):
            for date in store.dates_of(entry):
                self._keys.setdefault(date, [])
                self._keys[date] += [entry.key] * (entry.key not in self._keys[date])
        self._nights: dict[str, pa.Table] = {}
        self._machines: dict[str, tuple[_Machines, _Machines]] = {}
        self._clips: dict[str, dict[str, Any]] = {}

    def place_of(self, uri: str, machine: str, date: str) -> dict[str, Any]:
        """Machine, date and address of a clip, or of a machine's night, whose address is None.

        Args:
            uri: of a clip, as in the scores or as a plain path; "" for a machine's night.
            machine: ``TYPE/ID``.
            date: of the night; "" for a clip of any.

        Raises:
            UsageError: it was neither scored nor learnt.
        """
        date = date if date in ("", UNDATED) else checked_date(date)
        if uri:
            return self._clip(uri, date)
        if not machine or not date:
            raise UsageError("name a clip, or a machine and its night: --machine TYPE/ID --date DATE")
        return self._machine(machine, date)

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
        self._keep(self._learnt, wanted)

    def _clip(self, text: str, date: str) -> dict[str, Any]:
        names = addresses(text)
        if date:
            self._keep(self._known_night(date), set(names))
        row = next((self._clips[name] for name in names if name in self._clips), None)
        if row is None or (date and row["date"] != date):
            where = f"in the night of {date}" if date else "in this store"
            raise UsageError(f"no clip {readable(text)!r} was scored {where}{self._same_name(text)}")
        if row["error_reason"] is not None:
            raise UsageError(
                f"the clip {readable(text)!r} could not be scored ({row['error_reason']}): there is no score"
            )
        return {name: row[name] for name in ("machine_type", "machine_id", "date", "uri")}

    def _machine(self, machine: str, date: str) -> dict[str, Any]:
        if date not in self._machines:
            self._machines[date] = _machines_of(self._night(date))
        known, usable = self._machines[date]
        if machine not in usable:
            known, usable = _machines_of(self._known_night(date))
        if machine not in known:
            raise UsageError(f"no machine {readable(machine)!r} was scored on {date}{near_machine(machine, known)}")
        if machine not in usable:
            raise UsageError(f"no clip of {readable(machine)} on {date} could be scored: there is nothing to label")
        machine_type, machine_id = usable[machine]
        return {"machine_type": machine_type, "machine_id": machine_id, "date": date, "uri": None}

    def _known_night(self, date: str) -> pa.Table:
        night = pa.concat_tables([self._night(date), self._learnt.filter(pc.equal(self._learnt["date"], date))])
        if not len(night):
            latest = max((one for one in self._keys if one != UNDATED), default="")
            raise UsageError(f"no night of {date} is scored" + (f": the latest is {latest}" if latest else ""))
        return night

    def _night(self, date: str) -> pa.Table:
        if date not in self._nights:
            tables = [self._store.scores(key, date, _READ).select(_READ) for key in self._keys.get(date, ())]
            self._nights[date] = pa.concat_tables([_NOTHING, *tables])
        return self._nights[date]

    @cached_property
    def _learnt(self) -> pa.Table:
        """The clips that fits have taken, without an error."""
        tables = [_NOTHING]
        for entry in self._store.entries(("fit",)):
            path = self._store.record(entry).get("clips")
            if path is not None and self._store.files.exists(path):
                try:
                    clips = from_parquet(self._store.files.read(path), _READ[:-1])
                except pa.ArrowException as error:
                    raise AsdError(f"{path} in the store is broken: restore it or remove it") from error
                tables.append(
                    clips.append_column("error_reason", pa.nulls(len(clips), pa.string())).cast(_NOTHING.schema)
                )
        return pa.concat_tables(tables)

    def _keep(self, rows: pa.Table, wanted: Iterable[str]) -> None:
        own = rows.filter(pc.is_in(rows["uri"], value_set=pa.array(sorted(wanted), pa.string())))
        for row in own.to_pylist():
            if row["error_reason"] is None or row["uri"] not in self._clips:
                self._clips[row["uri"]] = row

    def _same_name(self, text: str) -> str:
        """A hint at a clip of the same file name among the nights that were read; "" without one."""
        name = clip_name(addresses(text)[0])
        for _, rows in sorted(self._nights.items(), reverse=True):
            for uri in rows["uri"].to_pylist():
                if clip_name(uri) == name:
                    return f"; did you mean {uri!r}?"
        return "; name it as the column uri of the scores does"


def _machines_of(night: pa.Table) -> tuple[_Machines, _Machines]:
    """``TYPE/ID`` → type and id, of the machines with a clip in a night, and of those with one without an error."""
    tables = night, night.filter(pc.is_null(night["error_reason"]))
    machines = [rows.group_by(["machine_type", "machine_id"]).aggregate([]) for rows in tables]
    known, usable = ({f"{kind}/{name}": (kind, name) for kind, name in rows_of(one, *_MACHINE)} for one in machines)
    return known, usable


def near_machine(machine: str, known: Iterable[str]) -> str:
    """A hint at the machine most likely meant, or at some that there are."""
    names = sorted(known)
    near = difflib.get_close_matches(machine, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean {readable(near[0])!r}?"
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"; there are {', '.join(map(readable, names[:_NAMED]))}{more}: write TYPE/ID"


def addresses(text: str) -> list[str]:
    """The addresses that a text may stand for: as it is, and as the scores write it."""
    if "://" not in text:
        own = f"file://{urllib.parse.quote_from_bytes(os.fsencode(os.path.abspath(text)))}"
    else:
        try:
            own = canonical_uri(text)
        except UsageError:  # embeddings that were imported may have addresses of their own
            own = text
    return [name for name in dict.fromkeys([own, text]) if is_text(name)]


def is_text(text: str) -> bool:
    """False for bytes that are no UTF-8, which no column of the store holds."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
