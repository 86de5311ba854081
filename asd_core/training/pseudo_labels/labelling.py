"""Pseudo-labels of one machine: a map of its clips, and clusters in it for each domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.store.pseudo_label_tables import PSEUDO_LABELS
from asd_core.training.pseudo_labels.clustering import clusters_of
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from asd_core.training.pseudo_labels.projection import projected


@dataclass(frozen=True)
class DomainClusters:
    """Clusters of the training normals of one machine and domain.

    Attributes:
        machine_type: as in CLIPS.
        machine_id: as in CLIPS.
        domain: "source", "target" or "".
        clips: number of training normals.
        clusters: number of clusters that hold some of them.
        attributes: number of different true attributes among them; 0 where none is known.
        adjusted_rand: agreement with the true attributes; None where fewer than two clips have any.
        note: remark on the map; "" where there is none.
    """

    machine_type: str
    machine_id: str
    domain: str
    clips: int
    clusters: int
    attributes: int
    adjusted_rand: float | None
    note: str


def label_machine(
    clips: pa.Table, embeddings: NDArray[np.float32], is_normal: NDArray[np.bool_], method: PseudoLabelMethod
) -> tuple[pa.Table, list[DomainClusters]]:
    """Label the training normals of one machine.

    A label tells machine, domain and cluster. Clips that are not trained on get a place on the map and no label.

    Args:
        clips: (N) rows of CLIPS, of one machine.
        embeddings: (N, D), finite.
        is_normal: (N,), the training normals, at least one.
        method: how.

    Returns:
        (N) rows of PSEUDO_LABELS, and the clusters of each domain.
    """
    is_fitted_on = np.ones(len(clips), bool) if method.transductive else is_normal
    points, note = projected(embeddings, is_fitted_on, method.seed)
    machine_type, machine_id = clips["machine_type"][0].as_py(), clips["machine_id"][0].as_py()
    domains = np.array(clips["domain"].to_pylist())
    attributes = np.array(clips["attributes"].to_pylist())
    labels = np.full(len(clips), None, object)
    found = []
    for domain in sorted(set(domains[is_normal])):
        own = np.flatnonzero(is_normal & (domains == domain))
        clusters = clusters_of(points[own], method.most(domain), method.bic, method.seed).labels
        labels[own] = [f"{machine_type} {machine_id} {domain or 'any'} {cluster}" for cluster in clusters]
        known = attributes[own] != ""
        agreement = adjusted_rand(attributes[own][known], clusters[known]) if known.sum() > 1 else None
        counts = len(own), len(set(clusters)), len(set(attributes[own][known]))
        found.append(DomainClusters(machine_type, machine_id, domain, *counts, agreement, note))
    columns = {name: clips[name] for name in PSEUDO_LABELS.names if name in clips.column_names}
    columns |= {
        "pseudo_label": pa.array(labels.tolist(), pa.string()),
        "x": pa.array(points[:, 0]),
        "y": pa.array(points[:, 1]),
        "is_fitted_on": pa.array(is_fitted_on),
        "error_reason": pa.nulls(len(clips), pa.string()),
        "method": pa.array([method.words] * len(clips)),
    }
    return pa.table({name: columns[name] for name in PSEUDO_LABELS.names}, schema=PSEUDO_LABELS), found


def adjusted_rand(true: NDArray[np.str_], found: NDArray[np.int64]) -> float:
    """Adjusted Rand index of two partitions of the same clips, (N,) each: 1 for equal ones, about 0 for chance.

    Hubert and Arabie 1985: pairs of clips that both put together, less what chance gives, over the most that is left.
    """
    _, rows = np.unique(true, return_inverse=True)
    _, columns = np.unique(found, return_inverse=True)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    together = _pairs(table).sum()
    ours, theirs = _pairs(table.sum(axis=1)).sum(), _pairs(table.sum(axis=0)).sum()
    chance = ours * theirs / _pairs(np.array(len(true)))
    most = (ours + theirs) / 2
    return 1.0 if most == chance else float((together - chance) / (most - chance))


def _pairs(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return counts * (counts - 1) / 2


def without_place(clips: pa.Table, reasons: pa.Array, method: PseudoLabelMethod) -> pa.Table:
    """Rows of PSEUDO_LABELS of clips that have no embedding, each with its reason."""
    columns = {name: clips[name] for name in PSEUDO_LABELS.names if name in clips.column_names}
    columns |= {name: pa.nulls(len(clips), PSEUDO_LABELS.field(name).type) for name in ("pseudo_label", "x", "y")}
    columns |= {"is_fitted_on": pa.array([False] * len(clips), pa.bool_()), "error_reason": reasons}
    columns["method"] = pa.array([method.words] * len(clips), pa.string())
    return pa.table({name: columns[name] for name in PSEUDO_LABELS.names}, schema=PSEUDO_LABELS)
