"""Evidence on machines that were scored by their type: their night beside those of the machines that lend."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from asd_core.alarms.lent_nights import LEAST_MACHINES, LentNights
from asd_core.pipeline.type_scorers import is_borrowed, scorer_place
from asd_core.store.alarm_schemas import EVIDENCE
from asd_core.store.tables import rows_of

_READ = ("machine_type", "machine_id", "scorer_version", "clips", "night_mean", "worst")
_FILLED = ("lenders", "lent_p_value", "lent_p_floor")


def with_lent_nights(evidence: pa.Table, key: str, nights_of: Callable[[str, str], LentNights | None]) -> pa.Table:
    """Rows of EVIDENCE with the p of machines that borrow; fewer than 9 machines decide nothing.

    Args:
        evidence: of one night.
        key: of the recipe.
        nights_of: from folder and version of a type's scorer to the nights of its machines, None where they are gone.
    """
    known: dict[tuple[str, str], LentNights | None] = {}
    found: list[tuple[int | None, float | None, float | None]] = []
    for kind, name, version, clips, mean, worst in rows_of(evidence, *_READ):
        if not is_borrowed(version):
            found.append((None, None, None))
            continue
        place = scorer_place(key, kind, name, version)
        if place not in known:
            known[place] = nights_of(*place)
        lent = known[place]
        if lent is None or lent.lenders < LEAST_MACHINES:
            found.append((0 if lent is None else lent.lenders, None, None))
        else:
            found.append((lent.lenders, lent.p_value(mean, worst, clips), lent.p_floor))
    columns: dict[str, Any] = {name: [row[place] for row in found] for place, name in enumerate(_FILLED)}
    filled = {name: pa.array(values, EVIDENCE.field(name).type) for name, values in columns.items()}
    return pa.table({name: filled.get(name, evidence[name]) for name in EVIDENCE.names}, schema=EVIDENCE)
