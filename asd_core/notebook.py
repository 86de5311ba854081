"""The public functions of `asd_core`: the same runs as the commands, called from Python.

A store is given as a `Store` or as its folder or address, a recipe as a `Recipe` or as its name or path. Work is done
in this process unless an engine is given; ``cluster.engine.RayEngine()`` within ``cluster.session.session()`` is
Ray's. Tables are Arrow tables; ``.to_pandas()`` makes a data frame of one. The examples run in a folder with
``recordings``, six nights of a small simulated fleet.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.archive import list_archive
from asd_core.encoders.build import embeddings_fingerprint
from asd_core.evaluation.evaluate import Evaluation
from asd_core.pipeline.embed_missing import embed as embed_missing
from asd_core.pipeline.embedded_rows import Shards, embedded_rows, machines_of
from asd_core.pipeline.engine import Engine, LocalEngine
from asd_core.pipeline.machine_tasks import FitOutcome, scorer_versions
from asd_core.pipeline.scorer_files import load_scorer, scorer_folder
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.evaluate import Protocol, score_and_evaluate
from asd_core.runs.fit import fit as fit_run
from asd_core.runs.nightly import NightlyResult
from asd_core.runs.nightly import nightly as nightly_run
from asd_core.runs.score import score as score_run
from asd_core.store.store import Store, open_store
from asd_core.store.tables import CLIPS, EMBEDDINGS, embedding_matrix

NEAREST = pa.schema(
    [
        pa.field("clip_id", pa.string()),
        pa.field("uri", pa.string()),
        pa.field("rank", pa.int64()),  # 1 is the nearest
        pa.field("nearest_uri", pa.string()),
        pa.field("distance", pa.float64()),  # in the transformed embedding space, not squared
    ]
)
"""One row per clip and neighbour."""


def list_clips(archive: str, *, layout: str = "auto", pattern: str | None = None) -> pa.Table:
    """List an archive: one row of CLIPS per recording. Choose rows with `select`.

    Args:
        archive: folder, ``s3://`` address or manifest.
        layout: ``dcase``, ``fleet``, or ``auto``.
        pattern: a layout of one's own, such as ``{machine_type}/{machine_id}/{date}_{}.flac``.

    Raises:
        UsageError: there is no such archive, or no recording in it.

    Example:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> asd.select(clips, date="2026-11-06").group_by("machine_type").aggregate([]).to_pylist()
        [{'machine_type': 'fan'}, {'machine_type': 'pump'}]
    """
    return list_archive(archive, layout=layout, pattern=pattern).clips


def embed(store: Store | str, recipe: Recipe | str, clips: pa.Table, engine: Engine | None = None) -> pa.Table:
    """Embed what is not embedded yet, and read the embeddings: rows of EMBEDDINGS, in the order of the clips.

    Args:
        store: where embeddings are kept.
        recipe: whose encoders.
        clips: rows of CLIPS with unique clip ids.
        engine: where the work is done.

    Returns:
        One row per clip: its keys, and its embedding or its error.

    Raises:
        AsdError: a shard is missing at the end; the same call goes on.

    Example:
        >>> import asd_core as asd
        >>> clips = asd.select(asd.list_clips("recordings"), date="2026-11-01")
        >>> rows = asd.embed("store", "twfr-knn", clips)
        >>> len(rows) == len(clips), len(rows["embedding"][0])
        (True, 128)
    """
    place, chosen = _store(store), _recipe(recipe)
    embedded = embed_missing(place, chosen.encoders_of(clips), clips, engine or LocalEngine())
    located, shards, parts = embedded.clips, Shards(), [EMBEDDINGS.empty_table()]
    for machine_type, fingerprint in embedded.fingerprints.items():
        own = located.filter(pc.equal(located["machine_type"], machine_type))
        parts.append(embedded_rows(place, fingerprint, own, embedded.transient, shards).cast(EMBEDDINGS))
    rows = pa.concat_tables(parts)
    return rows.take(pc.index_in(clips["clip_id"], value_set=rows["clip_id"].combine_chunks()))


def fit(store: Store | str, recipe: Recipe | str, clips: pa.Table, engine: Engine | None = None) -> list[FitOutcome]:
    """Fit and keep a scorer for every machine, from clips that are all normal.

    Args:
        store: where embeddings and scorers are kept.
        recipe: encoder, detector and threshold.
        clips: rows of CLIPS of normal clips.
        engine: where the work is done.

    Returns:
        One outcome per machine: its threshold and false-alarm rate, or why it has no scorer.

    Example:
        >>> import asd_core as asd
        >>> normals = asd.select(asd.list_clips("recordings"), until="2026-11-04")
        >>> fitted = asd.fit("store", "twfr-knn", normals)
        >>> [(machine.machine_type, machine.error) for machine in fitted]
        [('fan', None), ('pump', None)]
    """
    return fit_run(_store(store), _recipe(recipe), clips, engine or LocalEngine())[1]


def score(store: Store | str, recipe: Recipe | str, clips: pa.Table, engine: Engine | None = None) -> pa.Table:
    """Score clips with each machine's newest scorer and publish the rows, as ``asd score`` does.

    Args:
        store: where embeddings and scorers are and scores go.
        recipe: whose scorers.
        clips: rows of CLIPS with unique clip ids.
        engine: where the work is done.

    Returns:
        Rows of SCORES, one per clip: a score (higher is more anomalous) or an error.

    Raises:
        AsdError: counts that do not agree; nothing is published then.

    Example:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> night = asd.select(clips, date="2026-11-05")
        >>> rows = asd.score("store", "twfr-knn", night)
        >>> len(rows) == len(night), rows["anomaly_score"].null_count
        (True, 0)
    """
    place = _store(store)
    return place.read_scores(score_run(place, _recipe(recipe), clips, engine or LocalEngine()))


def nightly(store: Store | str, recipe: Recipe | str, clips: pa.Table, engine: Engine | None = None) -> NightlyResult:
    """Score a night, explain its flagged clips by measurement, and write its report, as ``asd nightly`` does.

    Args:
        store: where everything is kept.
        recipe: whose scorers.
        clips: rows of CLIPS of the night.
        engine: where the work is done.

    Returns:
        The run's record, the captions' counts and the addresses of the pages.

    Raises:
        AsdError: counts that do not agree; nothing is published then.

    Example:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> night = asd.select(clips, date="2026-11-06")
        >>> result = asd.nightly("store", "twfr-knn", night)
        >>> result.record["counts"]["scored"] + result.record["counts"]["errors"] == len(night)
        True
        >>> result.reports[0].endswith("date=2026-11-06/index.html")
        True
    """
    return nightly_run(_store(store), _recipe(recipe), clips, engine or LocalEngine())


def evaluate(
    store: Store | str,
    recipe: Recipe | str,
    clips: pa.Table,
    engine: Engine | None = None,
    *,
    protocol: Protocol = "auto",
) -> Evaluation:
    """Score labelled clips and measure AUC, pAUC, F1 and the official DCASE score, machine by machine.

    Args:
        store: where embeddings and scorers are and scores go.
        recipe: whose scorers.
        clips: rows of CLIPS; those of known condition count, and those fitted on are left out.
        engine: where the work is done.
        protocol: ``auto``, ``dcase2020``, ``dcase2021`` or ``dcase2022``.

    Raises:
        AsdError: not one clip could be scored.

    Example:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings/manifest.csv")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> nights = asd.select(clips, since="2026-11-05")
        >>> evaluation = asd.evaluate("store", "twfr-knn", nights)
        >>> [0.5 < machine.auc <= 1.0 for machine in evaluation.machines if machine.auc is not None]
        [True]
    """
    return score_and_evaluate(
        _store(store), _recipe(recipe), clips, engine or LocalEngine(), protocol=protocol
    ).evaluation


def read_scores(store: Store | str, recipe: Recipe | str, date: str | Sequence[str] | None = None) -> pa.Table:
    """Read published scores: each clip once, with the last score that it was given.

    Args:
        store: where they are.
        recipe: whose.
        date: of one night, of several, or None for all.

    Returns:
        Rows of SCORES.

    Example:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> scored = asd.score("store", "twfr-knn", asd.select(clips, since="2026-11-05"))
        >>> rows = asd.read_scores("store", "twfr-knn", "2026-11-06")
        >>> len(rows) == len(set(rows["uri"].to_pylist())) > 0
        True
    """
    return _store(store).scores(_recipe(recipe).key(), date)


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

    Example:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> rows = asd.score("store", "twfr-knn", asd.select(clips, date="2026-11-06"))
        >>> worst = rows.sort_by([("anomaly_score", "descending")])
        >>> near = asd.nearest_clips("store", "twfr-knn", worst.slice(0, 1), k=3)
        >>> near["rank"].to_pylist(), near["distance"].to_pylist() == sorted(near["distance"].to_pylist())
        ([1, 2, 3], True)
    """
    place, chosen = _store(store), _recipe(recipe)
    key, rows = chosen.key(), embed(place, chosen, clips.select(CLIPS.names))
    rows = rows.filter(pc.is_valid(rows["embedding"]))
    versions = scorer_versions(place, key, rows)
    found: list[dict[str, object]] = []
    ordered = rows.sort_by([(name, "ascending") for name in ("machine_type", "machine_id", "uri")])
    for machine_type, machine_id, own in machines_of(ordered):
        folder = scorer_folder(key, machine_type, machine_id)
        if folder not in versions:
            continue
        machine = chosen.for_machine(machine_type)
        fingerprint = embeddings_fingerprint(machine.encoder)
        scorer = load_scorer(place, folder, versions[folder], machine, fingerprint)
        uris, distances = scorer.nearest(embedding_matrix(own), k)
        for clip_id, uri, near, far in zip(
            own["clip_id"].to_pylist(), own["uri"].to_pylist(), uris, distances.tolist(), strict=True
        ):
            found += [
                {"clip_id": clip_id, "uri": uri, "rank": rank, "nearest_uri": one, "distance": distance}
                for rank, (one, distance) in enumerate(zip(near, far, strict=True), 1)
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

    Example:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> result = asd.nightly("store", "twfr-knn", asd.select(clips, date="2026-11-06"))
        >>> captions = asd.read_captions("store", "twfr-knn", "2026-11-06")
        >>> set(captions["method"].to_pylist())
        {'acoustic'}
    """
    return _store(store).captions(_recipe(recipe).key(), [date] if isinstance(date, str) else date)


def _store(store: Store | str) -> Store:
    return open_store(store) if isinstance(store, str) else store


def _recipe(recipe: Recipe | str) -> Recipe:
    return load_recipe(recipe) if isinstance(recipe, str) else recipe
