"""Recordings and their captions, which a text-to-audio model is fine-tuned on: eq. 3 of Zhang et al. (FS-TWFR-GMM)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.clip import UNPLACED
from asd_core.clips.selection import training_clips
from asd_core.errors import UsageError, did_you_mean
from asd_core.store.tables import CLIPS, rows_of
from asd_core.synthesis.metadata_captions.caption import caption_of_clip

PAIRS = pa.schema([*CLIPS, pa.field("caption", pa.string(), nullable=False)])
"""One row per clip that a generator hears: CLIPS, and its caption."""


def reference_types(clips: pa.Table, targets: Collection[str], named: Collection[str] | None = None) -> tuple[str, ...]:
    """The machine types whose anomalies a generator may hear, sorted: those named, else all that are no targets.

    Args:
        clips: rows of CLIPS.
        targets: machine types that clips are to be generated of.
        named: machine types; None: none are named.

    Raises:
        UsageError: a type that no clip is of, no target, or a type on both sides.
    """
    known = {name for name in pc.unique(clips["machine_type"]).to_pylist() if name != UNPLACED}
    if not targets:
        raise UsageError("no target: name the machine types to generate clips of with --targets")
    for option, names in (("--targets", targets), ("--references", named or ())):
        for name in names:
            if name not in known:
                raise UsageError(f"{option}: no clip is of machine type {name!r}{did_you_mean(name, known)}")
    if both := sorted(set(targets) & set(named or ())):
        raise UsageError(
            f"{both[0]!r} is a target and a reference: anomalies of a target are never heard; leave one out"
        )
    return tuple(sorted(known - set(targets) if named is None else named))


def training_pairs(
    clips: pa.Table, references: Sequence[str], targets: Sequence[str], normals: pa.Table | None = None
) -> pa.Table:
    """The clips A = {A_RN, A_RA, A_TN} with their captions C, sorted as a clips table is.

    Of a reference type these are the normal clips to fit on, and of its other clips those that are known to be normal
    (A_RN) or anomalous (A_RA): of a DCASE set its development test clips. Of a target type they are the normal clips to
    fit on (A_TN), and nothing else: no test clip of a target is ever heard, whatever is known of it.

    Args:
        clips: rows of CLIPS.
        references: machine types; see `reference_types`.
        targets: machine types.
        normals: the normal clips to fit on of all machines; None: as `training_clips` chooses them.

    Returns:
        Rows of `PAIRS`.

    Raises:
        UsageError: nothing says which clips are normal, or a target has none.
    """
    normals = training_clips(clips) if normals is None else normals
    own, others = (_of_types(normals, types) for types in (targets, references))
    for target in targets:
        if not len(_of_types(own, [target])):
            raise UsageError(f"target {target!r} has no normal clip to learn from: leave it out, or name nights of it")
    labelled = _of_types(clips, references)
    is_labelled = pc.and_(
        pc.is_in(labelled["condition"], value_set=pa.array(["normal", "anomalous"])),
        pc.not_equal(labelled["machine_id"], UNPLACED),
    )
    is_new = pc.invert(pc.is_in(labelled["clip_id"], value_set=others["clip_id"].combine_chunks()))
    heard = pa.concat_tables([own, others, labelled.filter(pc.and_(is_labelled, is_new))]).select(CLIPS.names)
    captions = [
        caption_of_clip(machine_type, attributes, condition or "normal")
        for machine_type, attributes, condition in rows_of(heard, "machine_type", "attributes", "condition")
    ]
    pairs = heard.append_column("caption", pa.array(captions, pa.string())).cast(PAIRS)
    return pairs.sort_by([(name, "ascending") for name in ("machine_type", "machine_id", "date", "uri")])


def _of_types(clips: pa.Table, machine_types: Sequence[str]) -> pa.Table:
    return clips.filter(pc.is_in(clips["machine_type"], value_set=pa.array(list(machine_types), pa.string())))
