"""Pseudo-labels in a store, by the name that they were given.

pseudo_labels/<NAME>/<hash>.parquet          rows of PSEUDO_LABELS
pseudo_labels/<NAME>/pseudo_labels.json      how they were made, and which table is the newest; written last
pseudo_labels/<NAME>/index.html              the page that shows them
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.store.broken_files import json_object, named_if_broken, table_in
from asd_core.store.files import Files
from asd_core.store.layout import safe_name, words_of
from asd_core.store.tables import rows_of, to_parquet

PSEUDO_LABELS = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("machine_type", pa.string(), nullable=False),
        pa.field("machine_id", pa.string(), nullable=False),
        pa.field("domain", pa.string(), nullable=False),
        pa.field("attributes", pa.string(), nullable=False),  # the true ones, "" where they are not known
        pa.field("pseudo_label", pa.string()),  # machine, domain and cluster; null for a clip that is not trained on
        pa.field("x", pa.float64()),  # place on the map; null for a clip that could not be embedded
        pa.field("y", pa.float64()),
        pa.field("is_fitted_on", pa.bool_(), nullable=False),  # the clip has shaped the map
        pa.field("error_reason", pa.string()),  # null where the clip is good
        pa.field("method", pa.string(), nullable=False),  # how the labels were made, in one line
    ]
)
"""One row per clip of the archive that pseudo-labels were made for."""

_FOLDER, _DESCRIPTION = "pseudo_labels", "pseudo_labels.json"
_AGAIN = "make the pseudo-labels again with asd pseudo-label"


def pseudo_label_folder(name: str) -> str:
    """Folder of the pseudo-labels of a name."""
    return f"{_FOLDER}/{safe_name(name)}"


def write_pseudo_labels(files: Files, name: str, rows: pa.Table, made: Mapping[str, Any]) -> None:
    """Keep rows of PSEUDO_LABELS under a name, in place of earlier ones.

    Args:
        files: of the store.
        name: what ``[training] pseudo_labels`` takes.
        rows: of PSEUDO_LABELS.
        made: how they were made; JSON.
    """
    folder, data = pseudo_label_folder(name), to_parquet(rows.cast(PSEUDO_LABELS))
    checksum = content_hash(data)
    files.write(f"{folder}/{checksum}.parquet", data)
    description = {"name": name, **made, "table": f"{checksum}.parquet", "checksum": checksum}
    files.write(f"{folder}/{_DESCRIPTION}", json.dumps(description, indent=1).encode())


def read_pseudo_labels(files: Files, name: str) -> tuple[pa.Table, dict[str, Any]]:
    """Rows of PSEUDO_LABELS and how they were made.

    Raises:
        UsageError: the store has no pseudo-labels of this name.
        AsdError: their table is gone or broken.
    """
    folder = pseudo_label_folder(name)
    if not name or not files.exists(f"{folder}/{_DESCRIPTION}"):
        known = pseudo_label_names(files)
        raise UsageError(
            f"the store holds no pseudo-labels {name!r}{did_you_mean(name, known) if known else ''}: "
            f"make them with asd pseudo-label --as {name or 'NAME'}"
        )
    described = f"{folder}/{_DESCRIPTION}"
    made = json_object(described, files.read(described), _AGAIN)
    with named_if_broken(described, _AGAIN):
        path, checksum = f"{folder}/{made['table']}", made["checksum"]
    try:
        data = files.read(path)
    except FileNotFoundError:
        data = b""
    if content_hash(data) != checksum:
        raise AsdError(f"{path} in the store is gone or broken: {_AGAIN}")
    return table_in(path, data, PSEUDO_LABELS, _AGAIN), made


def labels_by_clip(files: Files, name: str) -> tuple[dict[str, str], list[str]]:
    """Clip id → pseudo-label, of the clips that have one, and what must be said wherever they are used.

    Raises:
        UsageError: the store has no pseudo-labels of this name.
        AsdError: their table is gone or broken.
    """
    rows, made = read_pseudo_labels(files, name)
    labels = {clip_id: label for clip_id, label in rows_of(rows, "clip_id", "pseudo_label") if label is not None}
    with named_if_broken(f"{pseudo_label_folder(name)}/{_DESCRIPTION}", _AGAIN):
        return labels, [f"pseudo-labels {name}: {made['words']}", *made["notes"]]


def pseudo_label_names(files: Files) -> list[str]:
    """The names of all pseudo-labels in a store."""
    paths = [info.path.split("/") for info in files.list(_FOLDER)]
    return sorted(words_of(parts[1])[0] for parts in paths if parts[-1] == _DESCRIPTION)
