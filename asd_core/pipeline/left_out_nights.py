"""Scores that a scorer's normal clips would have had if their night had not been fitted to.

Takes of one night are alike: the same load, weather and place of the microphone. A clip that is left out alone has its
near copies of the same night to be compared with, and scores lower than a clip of a night to come. So a whole night is
left out: exactly where the detector can (a memory bank less all rows of the night, its densities too), and by folds of
whole nights where it is fitted again. Without a date a session is left out, and without a time the clip alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.alarms.segment_nulls import SegmentScores
from asd_core.clips.occasions import kind_of_occasion, occasions
from asd_core.detectors.build import new_detector
from asd_core.detectors.cross_fitting import Rows, cross_fitted_scores
from asd_core.detectors.groups import Grouped
from asd_core.detectors.protocol import Domains, Embeddings, Recordings, fitted
from asd_core.detectors.unseen import unseen_scores
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

_FOLDS = 10


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
    number = _numbers(rows["clip_id"].to_pylist()) if is_segmented else np.arange(len(rows))
    taken = occasions(clips["date"].to_pylist(), clips["recorded_at"].to_pylist())
    groups = _groups(taken)
    is_told = len(np.unique(groups)) > 1
    left_out = [kind_of_occasion(name) if is_told else "clip" for name in taken]
    groups = groups if is_told else np.arange(len(clips))
    values = transformed(embedding_matrix(rows), scorer.transform, scorer.recipe.embedding)
    scores = scores_without_groups(scorer, values, np.array(rows["domain"].to_pylist(), np.str_), groups[number])
    if is_segmented:
        scores = SegmentScores(scores, number).of_recordings(scorer.recipe.score)
    names = ("uri", "level_db")
    columns = {name: clips[name] for name in names} | {"night": taken, "left_out": left_out, "anomaly_score": scores}
    table = pa.table({name: columns[name] for name in LEFT_OUT.names}).cast(LEFT_OUT)
    return table if scorer.unseen_rows is None else table.take(pa.array(scorer.unseen_rows))


def scores_without_groups(
    scorer: Scorer, embeddings: Embeddings, domains: Domains, groups: Recordings
) -> NDArray[np.float64]:
    """The score of each training row by the scorer's detector less all rows of its group, (N,) float64.

    Args:
        scorer: whose detector is fitted to just these rows.
        embeddings: (N, D), transformed.
        domains: (N,).
        groups: (N,) number of the group of each row, two groups at least.

    Raises:
        AsdError: too few rows without a group for the detector to be fitted.
    """
    config, detector = scorer.recipe.detector, scorer.detector
    if _leaks(getattr(config, "detector", config), domains, groups):

        def score_held_out(kept: Rows, held_out: Rows) -> NDArray[np.float64]:
            return fitted(new_detector(config), embeddings[kept], domains[kept]).anomaly_score(embeddings[held_out])

        return cross_fitted_scores(score_held_out, domains, groups, folds=_FOLDS, seed=0)
    if isinstance(detector, Grouped):
        return detector.scores_without(embeddings, domains, groups)
    return unseen_scores(config, embeddings, domains, groups, folds=_FOLDS // 2, learnt=detector)  # which is doubled


def _leaks(config: object, domains: Domains, groups: Recordings) -> bool:
    """True for soft scoring of groups of both domains: it takes a group from one side, and the other side knows it."""
    is_target = np.asarray(domains) == "target"
    has_both = bool(np.intersect1d(groups[is_target], groups[~is_target]).size)
    return has_both and getattr(config, "soft_scoring", "none") != "none"


def scores_without_clips(scorer: Scorer) -> pa.Table:
    """Rows of LEFT_OUT from the scores that a scorer keeps of its clips, each left out alone; no night is told."""
    found = scorer.unseen_by_name
    if found is None or len(found) != len(scorer.unseen_uris):
        return LEFT_OUT.empty_table()
    count = len(found)
    columns = {"uri": scorer.unseen_uris, "night": [""] * count, "left_out": ["clip"] * count, "anomaly_score": found}
    return pa.table({**columns, "level_db": pa.nulls(count, pa.float64())}, schema=LEFT_OUT)


def _groups(taken: Sequence[str]) -> NDArray[np.int64]:
    """The number of each recording's occasion; one of which nothing is known is an occasion of its own."""
    return _numbers([name or f"\0{place}" for place, name in enumerate(taken)])


def _numbers(names: Sequence[str]) -> NDArray[np.int64]:
    """Number of each name, (N,), from 0 in the order in which names come first."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(name, len(first)) for name in names], np.int64)
