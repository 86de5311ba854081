"""Results that a notebook reads: scores, nearest clips, captions."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.build import embeddings_fingerprint
from asd_core.notebook.opening import loaded, opened
from asd_core.notebook.work import embed
from asd_core.pipeline.embedded_rows import machines_of
from asd_core.pipeline.machine_tasks import scorer_versions
from asd_core.pipeline.scorer_files import load_scorer, scorer_folder
from asd_core.pipeline.type_scorers import can_borrow, type_folder
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, embedding_matrix, rows_of

NEAREST = pa.schema(
    [
        pa.field("clip_id", pa.string()),
        pa.field("uri", pa.string()),
        pa.field("rank", pa.int64()),  # 1 is the nearest
        pa.field("nearest_uri", pa.string()),
        pa.field("distance", pa.float64()),  # in the transformed embedding space, not squared
        pa.field("segment_start", pa.float64()),  # s, of the clip's segment; null for a whole clip
        pa.field("nearest_start", pa.float64()),  # s, of the segment nearest to it; null for a whole clip
    ]
)
"""One row per clip (or segment of one) and neighbour."""


def read_scores(store: Store | str, recipe: Recipe | str, date: str | Sequence[str] | None = None) -> pa.Table:
    """Read published scores: each clip once, with the last score that it was given.

    Args:
        store: where they are.
        recipe: whose.
        date: of one night, of several, or None for all.

    Returns:
        Rows of SCORES.

    Examples:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> scored = asd.score("store", "twfr-knn", asd.select(clips, since="2026-11-05"))
        >>> rows = asd.read_scores("store", "twfr-knn", "2026-11-06")
        >>> len(rows) == len(set(rows["uri"].to_pylist())) > 0
        True
    """
    place = opened(store)
    return place.scores(loaded(recipe, place).key(), date)


def nearest_clips(store: Store | str, recipe: Recipe | str, clips: pa.Table, k: int = 5) -> pa.Table:
    """The normal clips that are nearest to each of these clips, nearest first: what to listen to beside it.

    Args:
        store: where embeddings and scorers are.
        recipe: whose.
        clips: rows of CLIPS (of SCORES, too) that are embedded; one without embedding or scorer has no neighbours.
        k: neighbours of each.

    Returns:
        Rows of NEAREST.

    Raises:
        AsdError: a stored scorer or shard is gone.

    Examples:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> rows = asd.score("store", "twfr-knn", asd.select(clips, date="2026-11-06"))
        >>> worst = rows.sort_by([("anomaly_score", "descending")])
        >>> near = asd.nearest_clips("store", "twfr-knn", worst.slice(0, 1), k=3)
        >>> near["rank"].to_pylist(), near["distance"].to_pylist() == sorted(near["distance"].to_pylist())
        ([1, 2, 3], True)
    """
    place = opened(store)
    chosen = loaded(recipe, place)
    key, rows = chosen.key(), embed(place, chosen, clips.select(CLIPS.names))
    rows = rows.filter(pc.is_valid(rows["embedding"]))
    versions = scorer_versions(place, key, rows)
    fingerprints = {kind: embeddings_fingerprint(config) for kind, config in chosen.encoders_of(rows).items()}
    found: list[dict[str, object]] = []
    ordered = rows.sort_by([(name, "ascending") for name in ("machine_type", "machine_id", "uri")])
    for machine_type, machine_id, own in machines_of(ordered):
        folder = scorer_folder(key, machine_type, machine_id)
        if folder not in versions and can_borrow(machine_type, machine_id):
            folder = type_folder(key, machine_type)
        if folder not in versions:
            continue
        machine = chosen.for_machine(machine_type)
        scorer = load_scorer(place, folder, versions[folder], machine, fingerprints[machine_type])
        uris, starts, distances = scorer.nearest_segments(embedding_matrix(own), k)
        names = rows_of(own, "clip_id", "uri", "segment_start")
        for (clip_id, uri, start), *near in zip(names, uris, starts, distances, strict=True):
            found += [
                {"clip_id": clip_id, "uri": uri, "rank": rank, "nearest_uri": one, "distance": distance}
                | ({} if start is None else {"segment_start": start, "nearest_start": near_start})
                for rank, (one, near_start, distance) in enumerate(zip(*near, strict=True), 1)
            ]
    return pa.Table.from_pylist(found, NEAREST)


def read_captions(store: Store | str, recipe: Recipe | str, date: str | Sequence[str] | None = None) -> pa.Table:
    """Read published captions: of each clip, scorer, method and language model the last one.

    Args:
        store: where they are.
        recipe: whose.
        date: of one night, of several, or None for all.

    Returns:
        Rows of CAPTIONS.

    Examples:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> result = asd.nightly("store", "twfr-knn", asd.select(clips, date="2026-11-06"))
        >>> captions = asd.read_captions("store", "twfr-knn", "2026-11-06")
        >>> set(captions["method"].to_pylist())
        {'acoustic'}
    """
    place = opened(store)
    return place.captions(loaded(recipe, place).key(), [date] if isinstance(date, str) else date)
