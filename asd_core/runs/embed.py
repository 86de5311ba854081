"""Embedding what is not embedded yet."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.build import embeddings_fingerprint
from asd_core.errors import AsdError
from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.pipeline.ensembles.member_tasks import embed_members
from asd_core.pipeline.ensembles.same_clips import places_of
from asd_core.recipe.recipe import Recipe
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS, rows_of


def embed_run(
    store: Store, recipe: Recipe, clips: pa.Table, engine: Engine, progress: Progress = no_progress
) -> dict[str, Any]:
    """Embed an archive and record it; the run behind ``asd embed``."""
    started = now()
    if recipe.ensemble is None:
        embedded = embed(store, recipe.encoders_of(clips), clips, engine, progress)
    else:
        embedded, _ = embed_members(store, recipe, clips, engine, progress)
    record = {
        "run_id": run_id_of("embed", clips, "", sorted(embedded.fingerprints.items()), embedded.transient),
        "job": "embed",
        "key": "",
        "recipe": recipe_record(recipe),
        "fingerprints": embedded.fingerprints,
        "counts": embedding_counts(clips, embedded),
        "seconds": {"embed": round(embedded.seconds, 3)},
        "started_at": started,
    }
    commit(store, record, clips)
    return record


def embedding_counts(clips: pa.Table, embedded: Embedded) -> dict[str, Any]:
    """Counts of an embedding stage, for its record: listed = embedded + errors."""
    errors = embedded.errors_by_reason.total()
    return {
        "listed": len(clips),
        "decoded": embedded.decoded,
        "embedded": len(clips) - errors,
        "errors": errors,
        "errors_by_reason": dict(sorted(embedded.errors_by_reason.items())),
    }


def stored_clips(store: Store, recipe: Recipe) -> pa.Table:
    """The manifest of all recordings with embeddings of this recipe: what ARCHIVE left out stands for, rows of CLIPS.

    A recording whose bytes or time changed is stored once a version; the one that the newest run lists is taken.

    Raises:
        AsdError: there are none, or it is not known which version of a recording is the newest.
    """
    if recipe.ensemble is not None:
        return _of_any_member(store, recipe)
    if len({recipe.for_machine(kind).encoder for kind in ["", *recipe.settings.get("machine", {})]}) > 1:
        raise AsdError("the recipe has several encoders, so stored clips are ambiguous: name the archive")
    fingerprint = embeddings_fingerprint(recipe.for_machine("").encoder)
    clips = store.embedded(fingerprint).select(CLIPS.names)
    if not len(clips):
        raise AsdError(
            f"the store holds no embeddings of recipe {recipe.name}: name an archive, or import embeddings first"
        )
    return _newest_versions(store, clips)


def _of_any_member(store: Store, recipe: Recipe) -> pa.Table:
    """The stored clips of all members, a recording once: as the first member that holds it knows it."""
    first, *others = (stored_clips(store, member) for member in recipe.members.values())
    for clips in others:
        first = pa.concat_tables([first, clips.filter(places_of(clips, first).is_null())])
    return first


def _newest_versions(store: Store, clips: pa.Table) -> pa.Table:
    """One clip a uri, in their order."""
    counts = pc.value_counts(clips["uri"])
    several = counts.field("values").filter(pc.greater(counts.field("counts"), 1))
    if not len(several):
        return clips
    is_several = pc.is_in(clips["uri"], value_set=several)
    newest = _newest_listed(store, clips.filter(is_several))
    if unknown := len(several) - len(newest):
        raise AsdError(
            f"{unknown} recordings are stored in several versions, and no run tells which is the newest: "
            "name the archive, or run asd embed on it first"
        )
    is_newest = pc.is_in(clips["clip_id"], value_set=pa.array(newest.values(), pa.string()))
    return clips.filter(pc.or_(pc.invert(is_several), is_newest))


def _newest_listed(store: Store, versions: pa.Table) -> dict[str, str]:
    """Uri → its clip id in the manifest of the newest run that lists one of these versions, and no other."""
    newest: dict[str, str] = {}
    ids, recordings = versions["clip_id"].combine_chunks(), pc.count_distinct(versions["uri"]).as_py()
    for record in reversed(store.runs()):
        if len(newest) == recordings:
            break
        if (listed := store.read_clips(record)) is None:
            continue
        listed = listed.filter(pc.is_in(listed["clip_id"], value_set=ids))
        each = listed.group_by("uri").aggregate([("clip_id", "min"), ("clip_id", "max")])
        each = each.filter(pc.equal(each["clip_id_min"], each["clip_id_max"]))
        newest = dict(rows_of(each, "uri", "clip_id_min")) | newest
    return newest
