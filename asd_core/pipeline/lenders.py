"""Machines that lend their normal clips to new machines of their type, and the clips that are drawn from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.clips.clip import UNDATED
from asd_core.pipeline.type_scorers import can_borrow
from asd_core.store.tables import rows_of

OWN_NIGHTS = 2
"""Normal nights from which on a machine learns a bank of its own.

Of one night each clip is left out by itself, and a bank of it flags nearly all clips of other nights. A bank of two
tells faults better than that of other machines.
"""

_LENDER_NIGHTS = 5  # of a machine that lends

LEAST_LENDERS = 3
"""Machines of a type without which it lends nothing."""

MOST_LENDERS, MOST_CLIPS = 128, 1024
"""Machines and clips that a type's scorer is fitted to at most."""

_UNDATED_CLIPS = 10  # that a machine without nights lends from


@dataclass(frozen=True)
class Lending:
    """The clips of a fit by who learns from them.

    Attributes:
        pools: machine type → rows drawn from the machines that lend, of the types that have enough of these.
        nights: machine → its normal nights so far, of the new machines of these types.
    """

    pools: Mapping[str, pa.Table]
    nights: Mapping[tuple[str, str], int]


def lending(clips: pa.Table) -> Lending:
    """Find the machines that lend, and the new ones that have fewer than `OWN_NIGHTS` normal nights.

    A machine lends from 5 nights on, or 10 clips where no clip of it has a date. A machine without dates is
    never new: how many nights it has is not known.

    Args:
        clips: normal clips, columns of CLIPS.
    """
    machines = clips.group_by(["machine_type", "machine_id"]).aggregate([("clip_id", "count")])
    dated = clips.filter(pc.not_equal(clips["date"], UNDATED))
    counted = dated.group_by(["machine_type", "machine_id"]).aggregate([("date", "count_distinct")])
    nights = {
        (kind, name): n for kind, name, n in rows_of(counted, "machine_type", "machine_id", "date_count_distinct")
    }
    own: dict[str, list[str]] = {}
    new: dict[tuple[str, str], int] = {}
    for kind, name, count in rows_of(machines, "machine_type", "machine_id", "clip_id_count"):
        if not can_borrow(kind, name):
            continue
        known = nights.get((kind, name), 0)
        if known >= _LENDER_NIGHTS or (not known and count >= _UNDATED_CLIPS):
            own.setdefault(kind, []).append(name)
        elif 0 < known < OWN_NIGHTS:
            new[kind, name] = known
    lenders = {kind: sorted(names) for kind, names in own.items() if len(names) >= LEAST_LENDERS}
    pools = {kind: _drawn(clips.filter(pc.equal(clips["machine_type"], kind)), lenders[kind]) for kind in lenders}
    return Lending(pools, {machine: count for machine, count in new.items() if machine[0] in lenders})


def _drawn(clips: pa.Table, names: Sequence[str]) -> pa.Table:
    """Whole nights of machines, drawn by a fixed seed; about as many clips of each."""
    rng = np.random.default_rng(0)
    if len(names) > MOST_LENDERS:
        names = sorted(rng.choice(np.array(names, object), MOST_LENDERS, replace=False).tolist())
    clips = clips.filter(pc.is_in(clips["machine_id"], value_set=pa.array(names, pa.string())))
    clips = clips.sort_by([(name, "ascending") for name in ("machine_id", "date", "uri")])
    each = max(1, MOST_CLIPS // len(names))
    machine = np.array(clips["machine_id"].to_pylist(), object)
    chosen = [_some(np.flatnonzero(machine == name), clips["date"], each, rng) for name in names]
    return clips.take(pa.array(np.concatenate(chosen)))


def _some(rows: NDArray[np.int64], dates: pa.ChunkedArray, most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """At most so many rows of a machine, whole nights as far as they go; one night at least, cut where it is longer."""
    if len(rows) <= most:
        return rows
    date = np.array(dates.take(pa.array(rows)).to_pylist(), object)
    order = rng.permutation(np.unique(date))
    rank = {one: place for place, one in enumerate(order)}
    in_order = rows[np.argsort([rank[one] for one in date], kind="stable")]
    counts = np.cumsum([np.count_nonzero(date == one) for one in order])
    whole = counts[counts <= most]
    return np.sort(in_order[: whole[-1] if len(whole) else most])
