"""Making pseudo-labels of an archive and keeping them in the store; the run behind ``asd pseudo-label``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.selection import of_machine
from asd_core.errors import AsdError, UsageError
from asd_core.pages.pseudo_labels.page import ClipScore, PseudoLabelReport, write_pseudo_label_page
from asd_core.pipeline.engine import Progress, no_progress
from asd_core.runs.records import now
from asd_core.store.broken_files import named_if_broken
from asd_core.store.pseudo_label_tables import (
    PSEUDO_LABELS,
    pseudo_label_folder,
    read_pseudo_labels,
    write_pseudo_labels,
)
from asd_core.store.store import Store
from asd_core.store.tables import rows_of
from asd_core.training.pseudo_labels.labelling import DomainClusters, label_machine, without_place
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from asd_core.training.pseudo_labels.spaces import Space

_LIBRARIES = ("umap-learn", "numpy", "scipy")


@dataclass(frozen=True)
class PseudoLabelled:
    """Pseudo-labels of an archive.

    Attributes:
        rows: of PSEUDO_LABELS.
        clusters: of each machine and domain.
        left_out: "machine_type machine_id" of machines of which no training normal could be placed.
    """

    rows: pa.Table
    clusters: tuple[DomainClusters, ...]
    left_out: tuple[str, ...]


def pseudo_labelled(
    clips: pa.Table, normals: pa.Table, space: Space, method: PseudoLabelMethod, progress: Progress = no_progress
) -> PseudoLabelled:
    """Label the training normals of every machine that has some.

    Args:
        clips: of the archive, rows of CLIPS.
        normals: those of them to train on.
        space: where clusters are looked for.
        method: how.
        progress: told (stage, done, total) after each machine.

    Raises:
        AsdError: not one clip could be placed.
    """
    machines = sorted(set(rows_of(normals, "machine_type", "machine_id")))
    tables, clusters, left_out = [PSEUDO_LABELS.empty_table()], list[DomainClusters](), list[str]()
    for done, machine in enumerate(machines, 1):
        placed = space.of_machine(of_machine(clips, *machine))
        is_normal = pc.is_in(placed.clips["clip_id"], value_set=normals["clip_id"].combine_chunks())
        tables.append(without_place(placed.left_out, placed.left_out["error_reason"], method))
        if pc.any(is_normal).as_py():
            mask = np.asarray(is_normal.to_numpy(zero_copy_only=False), bool)
            rows, found = label_machine(placed.clips, placed.embeddings, mask, method)
            tables.append(rows)
            clusters += found
        else:
            left_out.append(" ".join(machine))
            tables.append(without_place(placed.clips, pa.nulls(len(placed.clips), pa.string()), method))
        progress("labelling machines", done, len(machines))
    if not clusters:
        raise AsdError(f"none of {len(normals)} training normals could be embedded: there is nothing to label")
    return PseudoLabelled(pa.concat_tables(tables), tuple(clusters), tuple(left_out))


def keep_pseudo_labels(
    store: Store, name: str, found: PseudoLabelled, method: PseudoLabelMethod, made: Mapping[str, Any]
) -> dict[str, Any]:
    """Write pseudo-labels into a store under a name; returns what is said of them.

    Args:
        store: where to.
        name: what ``[training] pseudo_labels`` takes.
        found: the labels.
        method: how they were made.
        made: what else must be known of how they were made.
    """
    labels = found.rows["pseudo_label"].drop_null()
    reasons = Counter(found.rows["error_reason"].drop_null().to_pylist())
    summary = {
        "words": method.words,
        "method": asdict(method),
        **made,
        "counts": {
            "listed": len(found.rows),
            "labelled": len(labels),
            "labels": len(pc.unique(labels)),
            "errors": reasons.total(),
            "errors_by_reason": dict(sorted(reasons.items())),
        },
        "clusters": [asdict(one) for one in found.clusters],
        "left_out": list(found.left_out),
        "libraries": {library: version(library) for library in _LIBRARIES},
        "made_at": now(),
    }
    write_pseudo_labels(store.files, name, found.rows, summary)
    return summary


def show_pseudo_labels(store: Store, name: str, key: str = "") -> str:
    """Write the page of pseudo-labels that a store holds; returns its path.

    Args:
        store: where they are.
        name: of the pseudo-labels.
        key: of a recipe, whose anomaly scores of the same clips are shown; "" shows none.

    Raises:
        UsageError: there are no such pseudo-labels, or no scores of these clips under that key.
    """
    rows, made = read_pseudo_labels(store.files, name)
    scores: dict[str, ClipScore] = {}
    if key:
        scored = store.scores(key, columns=["uri", "anomaly_score", "condition"])
        for uri, score, condition in rows_of(scored, "uri", "anomaly_score", "condition"):
            if score is not None:
                scores[uri] = ClipScore(score, condition == "anomalous")
        if scores.keys().isdisjoint(rows["uri"].to_pylist()):
            raise UsageError(
                f"--scores {key}: the store has no scores of these clips under that key; asd recipes --store lists keys"
            )
    described = f"{pseudo_label_folder(name)}/pseudo_labels.json"
    with named_if_broken(described, "make the pseudo-labels again with asd pseudo-label"):
        return write_pseudo_label_page(PseudoLabelReport(name, rows, made, key, scores), store.files)
