"""Scores of an ensemble's learnt nights: the mean of its members' scores, each member's night left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.pipeline.ensembles.combined_scorer import MemberScorer, by_shared_name, combined
from asd_core.pipeline.left_out_nights import LEFT_OUT
from asd_core.recipe.ensemble_settings import EnsembleConfig
from asd_core.store.tables import rows_of

_LEAST_FIRST = ("clip", "session", "night")


def combined_nights(
    ensemble: EnsembleConfig, members: Mapping[str, MemberScorer], nights: Mapping[str, pa.Table]
) -> pa.Table:
    """Rows of LEFT_OUT of the recordings that every member has one of, in the order of their names.

    Args:
        ensemble: its weights.
        members: member → scorer, of all members.
        nights: member → rows of LEFT_OUT of that scorer.
    """
    uris = {name: rows["uri"].to_pylist() for name, rows in nights.items()}
    # Members may know a recording by other addresses: which row is whose is what is matched.
    named = by_shared_name(
        {name: dict(zip(own, map(float, range(len(own))), strict=True)) for name, own in uris.items()}
    )
    shared = sorted(set.intersection(*(set(own) for own in named.values())))
    if not shared:
        return LEFT_OUT.empty_table()
    places = {name: np.array([named[name][clip] for clip in shared], np.int64) for name in members}
    parts = {name: _standardised(one, nights[name])[places[name]] for name, one in members.items()}
    own = [list(rows_of(nights[name].take(places[name]), "night", "left_out", "level_db")) for name in members]
    facts = list(zip(*own, strict=True))  # of each clip, what every member knows
    columns = {
        "uri": shared,
        "night": [next((night for night, _, _ in clip if night), "") for clip in facts],
        "left_out": [min((kind for _, kind, _ in clip), key=_LEAST_FIRST.index) for clip in facts],
        "anomaly_score": combined(parts, ensemble.shares)[0],
        "level_db": [next((level for _, _, level in clip if level is not None), None) for clip in facts],
    }
    return pa.table(columns, schema=LEFT_OUT)


def _standardised(member: MemberScorer, nights: pa.Table) -> NDArray[np.float64]:
    """The scores of rows of LEFT_OUT on the common scale, (N,)."""
    return member.standardised(nights["anomaly_score"].to_numpy(), _segments(member, nights["uri"].to_pylist()))


def _segments(member: MemberScorer, uris: Sequence[str]) -> NDArray[np.int64] | None:
    """Number of segments of each recording; None where whole clips were learnt."""
    learnt = member.scorer.segments
    if learnt is None:
        return None
    counts = dict(zip(dict.fromkeys(member.scorer.uris), learnt.unseen.counts.tolist(), strict=True))
    return np.array([counts[uri] for uri in uris])
