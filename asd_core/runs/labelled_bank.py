"""The normal clips of a fit, with those that people confirmed, and without those that they found a fault in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.readable import machine_name
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, rows_of

_NAMED = 3  # machines that a note names
_NIGHT = ("machine_type", "machine_id", "date")


@dataclass(frozen=True)
class Bank:
    """The clips to fit on.

    Attributes:
        clips: rows of CLIPS.
        joined: ids of the clips among them that are there for a label alone.
        notes: a line on clips that joined, and one on clips that were kept out.
    """

    clips: pa.Table
    joined: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def labelled_bank(store: Store, key: str, listed: pa.Table, chosen: pa.Table, *, joins: bool = True) -> Bank:
    """Add the clips that are labelled normal to the clips of a fit, and take out those that are labelled a fault.

    A clip's own label counts before that of its machine's night. Only machines that are fitted anyway get more clips,
    so that a fit of some machines replaces no scorer of others. Clips that the archive knows to be anomalous never
    join.

    Args:
        store: where labels are, and scores of clips that the archive has no more.
        key: of the recipe, whose scores these are.
        listed: all clips of the archive, rows of CLIPS.
        chosen: those of them to fit on.
        joins: False adds none.
    """
    labels = store.labels()
    if not len(labels):
        return Bank(chosen)
    answers = _Answers(labels)
    is_fault = answers.mask(chosen, "fault")
    bank, out = chosen.filter(pc.invert(is_fault)), chosen.filter(is_fault)
    notes = [f"{len(out)} clips{_of(out)} are labelled a fault and are not learnt"] if len(out) else []
    if not joins:
        return Bank(bank, notes=tuple(notes))
    gone = _scored_elsewhere(store, key, labels, listed)
    new = pa.concat_tables([listed.select(CLIPS.names), gone.select(CLIPS.names)])
    new = new.filter(answers.mask(new, "normal"))
    new = new.filter(pc.invert(pc.is_in(new["uri"], value_set=chosen["uri"].combine_chunks())))
    machines = set(rows_of(chosen, "machine_type", "machine_id"))
    is_own = [machine in machines for machine in rows_of(new, "machine_type", "machine_id")]
    new = new.filter(pc.and_(pa.array(is_own, pa.bool_()), pc.not_equal(new["condition"], "anomalous")))
    if not len(new):
        return Bank(bank, notes=tuple(notes))
    notes.append(f"{len(new)} clips{_of(new)} are labelled normal and are learnt too (--no-labels leaves them out)")
    clips = pa.concat_tables([bank.select(CLIPS.names), new])
    clips = clips.sort_by([(name, "ascending") for name in (*_NIGHT, "uri")])
    return Bank(clips, frozenset(new["clip_id"].to_pylist()), tuple(notes))


class _Answers:
    """The answers on clips and on machines' nights."""

    def __init__(self, labels: pa.Table) -> None:
        self._clips: dict[str, str] = {}
        self._nights: dict[tuple[str, str, str], str] = {}
        for uri, answer, *night in rows_of(labels, "uri", "answer", *_NIGHT):
            if uri is None:
                self._nights[(night[0], night[1], night[2])] = answer
            else:
                self._clips[uri] = answer

    def mask(self, clips: pa.Table, answer: str) -> pa.Array:
        """True for each clip to which this answer applies, bool (N,)."""
        rows = rows_of(clips, "uri", *_NIGHT)
        found = (self._clips.get(uri) or self._nights.get((kind, name, date)) for uri, kind, name, date in rows)
        return pa.array([one == answer for one in found], pa.bool_())


def _scored_elsewhere(store: Store, key: str, labels: pa.Table, listed: pa.Table) -> pa.Table:
    """Scored clips that are labelled normal and that the archive does not list, rows with the columns of CLIPS."""
    known, nights = set(listed["uri"].to_pylist()), set(rows_of(listed, *_NIGHT))
    normal = labels.filter(pc.equal(labels["answer"], "normal"))
    lacking = {
        night[2]
        for uri, *night in rows_of(normal, "uri", *_NIGHT)
        if (uri not in known if uri is not None else (night[0], night[1], night[2]) not in nights)
    }
    if not lacking:
        return CLIPS.empty_table()
    scores = store.scores(key, lacking, [*CLIPS.names, "error_reason"])
    is_new = pc.invert(pc.is_in(scores["uri"], value_set=listed["uri"].combine_chunks()))
    return scores.filter(pc.and_(pc.is_null(scores["error_reason"]), is_new)).select(CLIPS.names)


def _of(clips: pa.Table) -> str:
    """The machines of clips in words: `` of fan 01 (3)``."""
    counts = Counter(rows_of(clips, "machine_type", "machine_id")).most_common()
    named = ", ".join(f"{machine_name(*machine)} ({count})" for machine, count in counts[:_NAMED])
    return f" of {named}" + (f" and {len(counts) - _NAMED} more machines" if len(counts) > _NAMED else "")
