"""The scores of a recording's segments, worked out again from the embeddings and the scorer that the store keeps.

The store's rows have the highest segment and the score over all of them; this has where else the recording stands out.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.errors import AsdError
from asd_core.pipeline.scorer_files import load_scorer
from asd_core.pipeline.stored_scorers import stored_head
from asd_core.pipeline.type_scorers import scorer_place
from asd_core.recipe.recipe import Recipe
from asd_core.serving.scored_clips import FoundClip
from asd_core.store.store import Store
from asd_core.store.tables import embedding_matrix

_READ = ("clip_id", "segment_start", "embedding")


@dataclass(frozen=True)
class SegmentScore:
    """One segment of a recording.

    Attributes:
        start: s from the beginning of the recording.
        score: anomaly score of the segment alone.
        is_above: it is above the threshold of the recording.
    """

    start: float
    score: float
    is_above: bool


def segment_course(store: Store, found: FoundClip, recipe: Recipe | None) -> tuple[SegmentScore, ...]:
    """The scores of a recording's segments, in their order; () where they are not known any more, or there is but one.

    Args:
        store: where embeddings and scorers are.
        found: the recording.
        recipe: that scored it; an ensemble's members are not looked into.
    """
    row = found.row
    if recipe is None or recipe.ensemble is not None or (row["segments"] or 0) < 2:
        return ()
    with suppress(AsdError, OSError):  # embeddings or a scorer that were removed: the page goes without
        return _course(store, found, recipe)
    return ()


def _course(store: Store, found: FoundClip, recipe: Recipe) -> tuple[SegmentScore, ...]:
    row = found.row
    place = scorer_place(found.key, row["machine_type"], row["machine_id"], row["scorer_version"])
    fingerprint = stored_head(store, *place)["fingerprint"]
    rows = _segments(store, fingerprint, found)
    if len(rows) != row["segments"]:  # some were embedded anew since
        return ()
    scorer = load_scorer(store, *place, recipe.for_machine(row["machine_type"]), fingerprint)
    scores, _ = scorer.score(embedding_matrix(rows))
    pairs = zip(rows["segment_start"].to_pylist(), scores.tolist(), strict=True)
    return tuple(SegmentScore(start, score, score > row["decision_threshold"]) for start, score in pairs)


def _segments(store: Store, fingerprint: str, found: FoundClip) -> pa.Table:
    """Start and embedding of the segments of a recording, in their order."""
    index = store.embedded(fingerprint, [found.date])
    own = index.filter(pc.equal(index["clip_id"], found.row["clip_id"]))
    shards = own["shard"].to_pylist()
    rows = pa.concat_tables([store.read_shard(fingerprint, shard, _READ) for shard in shards]) if shards else own
    rows = rows.filter(pc.equal(rows["clip_id"], found.row["clip_id"]))
    return rows.filter(pc.is_valid(rows["embedding"])).sort_by("segment_start") if shards else rows
