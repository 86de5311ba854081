"""Scores that a scorer's normal clips would have had if their night had not been fitted to.

Takes of one night are alike: the same load, weather and place of the microphone. A clip that is left out alone has its
near copies of the same night to be compared with, and scores lower than a clip of a night to come. So a whole night is
left out. Without a date a session is left out, and without a time the clip alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.alarms.segment_nulls import SegmentScores
from asd_core.clips.occasions import kind_of_occasion, numbered, occasion_numbers, occasions
from asd_core.detectors.left_out_groups import scores_without_groups
from asd_core.errors import AsdError
from asd_core.pipeline.scorer import Scorer
from asd_core.pipeline.transforms import transformed
from asd_core.store.tables import embedding_matrix, first_of_each

LEFT_OUT = pa.schema(
    [
        pa.field("uri", pa.string(), nullable=False),
        pa.field("night", pa.string(), nullable=False),  # its date, "session of <time>", or "" where none is known
        pa.field("left_out", pa.string(), nullable=False),  # "night", "session" or "clip": what was not fitted to
        pa.field("anomaly_score", pa.float64(), nullable=False),
        pa.field("level_db", pa.float64()),  # RMS level, dB re full scale; null where it is not known
    ]
)
"""One row per normal recording of a scorer that the threshold is taken from."""


def left_out_nights(scorer: Scorer, rows: pa.Table) -> pa.Table:
    """Rows of LEFT_OUT of the recordings that a scorer was fitted to, in the order in which it learnt them.

    The embedding transform stays as it was fitted, as for the scorer's threshold. Of clips that a trained transform has
    learnt there is no such score; they are left out. Where there is one night only, each clip is left out alone.

    Args:
        scorer: fitted.
        rows: rows of EMBEDDINGS of the scorer's training clips, in the order of its ``uris``.

    Raises:
        AsdError: other rows, or too few without a night for the detector to be fitted.
    """
    if rows["uri"].to_pylist() != list(scorer.uris):
        raise AsdError(f"the clips of {scorer.machine_type} {scorer.machine_id} are not those that its scorer learnt")
    is_segmented = scorer.segments is not None
    clips = first_of_each(rows, "clip_id") if is_segmented else rows
    number = numbered(rows["clip_id"].to_pylist()) if is_segmented else np.arange(len(rows))
    taken = occasions(clips["date"].to_pylist(), clips["recorded_at"].to_pylist())
    groups = occasion_numbers(taken)
    is_told = len(np.unique(groups)) > 1
    left_out = [kind_of_occasion(name) if is_told else "clip" for name in taken]
    groups = groups if is_told else np.arange(len(clips))
    learnt = clips if scorer.unseen_rows is None else clips.take(pa.array(scorer.unseen_rows))
    if (kept := _kept_scores(scorer, learnt["uri"].to_pylist())) is not None:
        scores = kept
    else:
        values = transformed(embedding_matrix(rows), scorer.transform, scorer.recipe.embedding)
        domains, config = np.array(rows["domain"].to_pylist(), np.str_), scorer.recipe.detector
        scores = scores_without_groups(config, scorer.detector, values, domains, groups[number])
        if is_segmented:
            scores = SegmentScores(scores, number).of_recordings(scorer.recipe.score)
        scores = scores if scorer.unseen_rows is None else scores[scorer.unseen_rows]
    places = range(len(clips)) if scorer.unseen_rows is None else scorer.unseen_rows.tolist()
    columns = {name: learnt[name] for name in ("uri", "level_db")} | {
        "night": [taken[place] for place in places],
        "left_out": [left_out[place] for place in places],
        "anomaly_score": scores,
    }
    return pa.table({name: columns[name] for name in LEFT_OUT.names}).cast(LEFT_OUT)


def _kept_scores(scorer: Scorer, uris: Sequence[str]) -> NDArray[np.float64] | None:
    """The scores that a scorer keeps of these recordings, each without its occasion; None where it keeps others."""
    found = scorer.unseen_by_name
    if scorer.left_out == "clip" or found is None or scorer.unseen_uris != sorted(set(uris)):
        return None
    of_name = dict(zip(scorer.unseen_uris, found.tolist(), strict=True))
    return np.array([of_name[uri] for uri in uris])


def scores_without_clips(scorer: Scorer) -> pa.Table:
    """Rows of LEFT_OUT from the scores that a scorer keeps of its clips, each left out alone; no night is told."""
    found = scorer.unseen_by_name
    if found is None or len(found) != len(scorer.unseen_uris):
        return LEFT_OUT.empty_table()
    count = len(found)
    columns = {"uri": scorer.unseen_uris, "night": [""] * count, "left_out": ["clip"] * count, "anomaly_score": found}
    return pa.table({**columns, "level_db": pa.nulls(count, pa.float64())}, schema=LEFT_OUT)
