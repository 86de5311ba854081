"""Reports of pseudo-labels of a few machines."""

import numpy as np
import pyarrow as pa

from asd_core.pages.pseudo_labels.page import ClipScore, PseudoLabelReport
from asd_core.store.pseudo_label_tables import PSEUDO_LABELS

METHOD = {"transductive": False}
COUNTS = {"listed": 60, "labelled": 40, "labels": 2, "errors": 0, "errors_by_reason": {}}
MADE = {
    "words": "space twfr; UMAP fitted to training normals only",
    "method": METHOD,
    "counts": COUNTS,
    "libraries": {"umap-learn": "0.5"},
    "made_at": "2026-11-26T07:00:00",
    "notes": [],
    "left_out": [],
}


def rows_of_fan(name="fan", attributes=True, count=60, unread=0):
    """Clips of a machine in two groups, the last third not trained on; the first ``unread`` could not be read."""
    rng = np.random.default_rng(0)
    kinds = np.arange(count) % 2
    x, y = rng.normal(0, 1, (2, count)) + 8 * kinds
    rows = []
    for number in range(count):
        is_read, is_train = number >= unread, number < 2 * count // 3
        row = {
            "clip_id": f"{name}{number}",
            "uri": f"file:///{name}/{number}.wav",
            "machine_type": name,
            "machine_id": "00",
            "domain": "source",
            "attributes": f"speed_{kinds[number]}" if attributes else "",
            "pseudo_label": f"{name} 00 source {kinds[number]}" if is_train and is_read else None,
            "x": float(x[number]) if is_read else None,
            "y": float(y[number]) if is_read else None,
            "is_fitted_on": bool(is_train and is_read),
            "error_reason": None if is_read else "silent",
            "method": MADE["words"],
        }
        rows.append(row)
    return pa.Table.from_pylist(rows, PSEUDO_LABELS)


def clusters_of_fan(name="fan", agreement=0.9, note=""):
    counts = {"clips": 40, "clusters": 2, "attributes": 2, "adjusted_rand": agreement, "note": note}
    return {"machine_type": name, "machine_id": "00", "domain": "source", **counts}


def report_of(*names, key="", is_scored=False, attributes=True, unread=0, **made):
    names = names or ("fan",)
    rows = pa.concat_tables([rows_of_fan(name, attributes, unread=unread) for name in names])
    clusters = [clusters_of_fan(name, 0.9 if attributes else None) for name in names]
    scores = {}
    if is_scored:
        scores = {uri: ClipScore(float(n), n % 2 == 1) for n, uri in enumerate(rows["uri"].to_pylist()) if n >= 40}
    return PseudoLabelReport("kinds", rows, {**MADE, "clusters": clusters, **made}, key, scores)
