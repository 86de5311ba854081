"""Work that a notebook starts: list, embed, fit, score, a whole night, evaluate."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.archive import list_archive
from asd_core.clips.nights import checked_night_end
from asd_core.errors import UsageError
from asd_core.evaluation.evaluate import Evaluation
from asd_core.notebook.opening import loaded, opened
from asd_core.pipeline.embed_missing import embed as embed_missing
from asd_core.pipeline.embedded_rows import Shards, embedded_rows
from asd_core.pipeline.engine import Engine, LocalEngine
from asd_core.pipeline.machine_tasks import FitOutcome
from asd_core.recipe.recipe import Recipe
from asd_core.runs.evaluate import Protocol, score_and_evaluate
from asd_core.runs.fit import fit as fit_run
from asd_core.runs.nightly import NightlyResult
from asd_core.runs.nightly import nightly as nightly_run
from asd_core.runs.score import score as score_run
from asd_core.store.store import Store
from asd_core.store.tables import EMBEDDINGS


def list_clips(
    archive: str, *, layout: str = "auto", pattern: str | None = None, night_ends: str | None = None
) -> pa.Table:
    """List an archive: one row of CLIPS per recording. Choose rows with `select`.

    Args:
        archive: folder, ``s3://`` address or manifest.
        layout: ``fleet``, ``dcase``, ``mimii``, or ``auto``.
        pattern: a layout of one's own, such as ``{machine_type}/{machine_id}/{date}_{}.flac``.

        night_ends: time of day such as ``12:00``; recordings before it are of the night of the day before.

    Raises:
        UsageError: there is no such archive, no recording in it, or no such time.

    Examples:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> asd.select(clips, date="2026-11-06").group_by("machine_type").aggregate([]).to_pylist()
        [{'machine_type': 'fan'}, {'machine_type': 'pump'}]
    """
    ends = checked_night_end(night_ends) if night_ends is not None else None
    return list_archive(archive, layout=layout, pattern=pattern, night_ends=ends).clips


def embed(store: Store | str, recipe: Recipe | str, clips: pa.Table, engine: Engine | None = None) -> pa.Table:
    """Embed what is not embedded yet, and read the embeddings: rows of EMBEDDINGS, in the order of the clips.

    Args:
        store: where embeddings are kept.
        recipe: whose encoders.
        clips: rows of CLIPS with unique clip ids.
        engine: where the work is done.

    Returns:
        One row per clip (per segment, where the recipe has segments): its keys, and its embedding or its error.

    Raises:
        AsdError: a shard is missing at the end; the same call goes on.

    Examples:
        >>> import asd_core as asd
        >>> clips = asd.select(asd.list_clips("recordings"), date="2026-11-01")
        >>> rows = asd.embed("store", "twfr-knn", clips)
        >>> len(rows) == len(clips), len(rows["embedding"][0])
        (True, 128)
    """
    place = opened(store)
    chosen = loaded(recipe, place)
    if chosen.ensemble is not None:
        members = ", ".join(one.key() for one in chosen.members.values())
        raise UsageError(f"ensemble {chosen.name} has no embeddings of its own: name one of its members, {members}")
    embedded = embed_missing(place, chosen.encoders_of(clips), clips, engine or LocalEngine())
    located, shards, parts = embedded.clips, Shards(), [EMBEDDINGS.empty_table()]
    for machine_type, fingerprint in embedded.fingerprints.items():
        own = located.filter(pc.equal(located["machine_type"], machine_type))
        parts.append(embedded_rows(place, fingerprint, own, embedded.transient, shards).cast(EMBEDDINGS))
    rows = pa.concat_tables(parts)
    numbers = pc.index_in(rows["clip_id"], value_set=clips["clip_id"].combine_chunks())
    return rows.take(np.argsort(numbers.to_numpy(), kind="stable"))


def fit(store: Store | str, recipe: Recipe | str, clips: pa.Table, engine: Engine | None = None) -> list[FitOutcome]:
    """Fit and keep a scorer for every machine, from clips that are all normal.

    Args:
        store: where embeddings and scorers are kept.
        recipe: encoder, detector and threshold.
        clips: rows of CLIPS of normal clips.
        engine: where the work is done.

    Returns:
        One outcome per machine: its threshold and false-alarm rate, or why it has no scorer.

    Examples:
        >>> import asd_core as asd
        >>> normals = asd.select(asd.list_clips("recordings"), until="2026-11-04")
        >>> fitted = asd.fit("store", "twfr-knn", normals)
        >>> [(machine.machine_type, machine.error) for machine in fitted]
        [('fan', None), ('pump', None)]
    """
    place = opened(store)
    return fit_run(place, loaded(recipe, place), clips, engine or LocalEngine())[1]


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

    Examples:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> night = asd.select(clips, date="2026-11-05")
        >>> rows = asd.score("store", "twfr-knn", night)
        >>> len(rows) == len(night), rows["anomaly_score"].null_count
        (True, 0)
    """
    place = opened(store)
    return place.read_scores(score_run(place, loaded(recipe, place), clips, engine or LocalEngine()))


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

    Examples:
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
    place = opened(store)
    return nightly_run(place, loaded(recipe, place), clips, engine or LocalEngine())


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

    Examples:
        >>> import asd_core as asd
        >>> clips = asd.list_clips("recordings/manifest.csv")
        >>> fitted = asd.fit("store", "twfr-knn", asd.select(clips, until="2026-11-04"))
        >>> nights = asd.select(clips, since="2026-11-05")
        >>> evaluation = asd.evaluate("store", "twfr-knn", nights)
        >>> [0.5 < machine.auc <= 1.0 for machine in evaluation.machines if machine.auc is not None]
        [True]
    """
    place = opened(store)
    return score_and_evaluate(place, loaded(recipe, place), clips, engine or LocalEngine(), protocol=protocol)[0]
