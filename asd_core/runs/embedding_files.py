"""Files of embeddings made elsewhere.

Two kinds of file:

- ``.npz`` as published with many papers, one machine each, named ``<machine type>_id_<machine id>.npz`` (or
  ``_section_``): ``X_train`` (N, ...) of normal clips, ``X_test`` (M, ...) and ``y_test`` (M,), 1 = anomalous. Further
  axes are flattened.
- ``.parquet``: a column ``embedding`` (lists of one length), ``machine_type``, ``machine_id`` and any of the other
  columns of the clips table; ``uri`` names each clip. Names, dates, times and labels are read as in a manifest.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from asd_core.clips.clip import DOMAINS, SPLITS, UNDATED, Placement, clip_ids
from asd_core.clips.conditions import condition_of
from asd_core.clips.dates import parse_date
from asd_core.clips.manifest_table import with_known_names
from asd_core.clips.manifest_times import days, moments, moments_of_dates
from asd_core.digest import content_hash
from asd_core.errors import UsageError
from asd_core.store.column_checks import check_columns, read_parquet
from asd_core.store.npz_files import UNREADABLE, read_npz
from asd_core.store.tables import CLIPS
from asd_core.text_files import refuse_special

_NPZ_NAME = re.compile(r"(?P<machine_type>.+)_(?:id|section)_(?P<machine_id>[^_]+)")


def read_embeddings(path: Path, name: str) -> tuple[pa.Table, NDArray[np.float32]]:
    """The rows of CLIPS and the embeddings (N, D) float32 of one file.

    Raises:
        UsageError: the file cannot be read as one of the two kinds.
    """
    try:
        if path.exists():
            refuse_special(path)
        match path.suffix.lower():
            case ".npz":
                return _read_npz(path, name)
            case ".parquet":
                return _read_parquet(path, name)
    except UNREADABLE as error:
        raise UsageError(f"cannot read embeddings from {path}: {error}") from error
    raise UsageError(f"cannot import {path}: embeddings come as .npz or .parquet files")


def _read_npz(path: Path, name: str) -> tuple[pa.Table, NDArray[np.float32]]:
    machine = _NPZ_NAME.fullmatch(path.stem)
    if machine is None:
        raise UsageError(f"cannot tell the machine of {path}: name it <machine type>_id_<machine id>.npz")
    train, test, labels = read_npz(path, ("X_train", "X_test", "y_test"))
    if min(train.ndim, test.ndim, labels.ndim) < 1:
        raise UsageError(f"{path}: X_train, X_test and y_test must each have a row for each clip")
    if len(test) != len(labels) or not np.isin(labels, (0, 1)).all():
        raise UsageError(f"{path}: y_test must hold a 0 or 1 for each of the {len(test)} rows of X_test")
    embeddings = np.concatenate([_flat(train), _flat(test)]).astype(np.float32)
    conditions = ["normal"] * len(train) + ["anomalous" if label else "normal" for label in labels]
    uris = [_uri(name, path.stem, f"train/{i:06d}") for i in range(len(train))]
    uris += [_uri(name, path.stem, f"test/{i:06d}") for i in range(len(test))]
    columns = {
        "uri": uris,
        "machine_type": [machine["machine_type"]] * len(uris),
        "machine_id": [machine["machine_id"]] * len(uris),
        "split": ["train"] * len(train) + ["test"] * len(test),
        "condition": conditions,
    }
    return _clips(columns, embeddings), embeddings


def _read_parquet(path: Path, name: str) -> tuple[pa.Table, NDArray[np.float32]]:
    table = with_known_names(read_parquet(path), str(path), "embedding")
    check_columns(table, str(path), CLIPS.names)
    if "label" in table.column_names and "condition" not in table.column_names:
        table = table.rename_columns({"label": "condition"})
    for column in ("embedding", "machine_type", "machine_id"):
        if column not in table.column_names:
            raise UsageError(f"{path} has no column {column!r}: it needs embedding, machine_type and machine_id")
    values = table["embedding"].combine_chunks()
    lengths = pc.unique(pc.list_value_length(values)).to_pylist()
    if len(lengths) != 1 or not lengths[0]:
        raise UsageError(f"{path}: every embedding must be a list of one length, got lengths {lengths[:5]}")
    embeddings = np.asarray(values.flatten().to_numpy(zero_copy_only=False), np.float32).reshape(len(table), lengths[0])
    columns: dict[str, Any] = {
        field: clip_column(path, table[field], field)
        for field in CLIPS.names
        if field in table.column_names and field not in ("clip_id", "size")
    }
    if "date" in columns and "recorded_at" not in columns:
        columns["recorded_at"] = moments_of_dates(table["date"])[0].to_pylist()
    if "recorded_at" in columns and "date" not in columns:
        written = moments(str(path), table["recorded_at"])[1]
        columns["date"] = pc.coalesce(pc.strftime(written, "%Y-%m-%d"), UNDATED).to_pylist()
    columns.setdefault("uri", [_uri(name, path.stem, f"{i:06d}") for i in range(len(table))])
    return _clips(columns, embeddings), embeddings


def clip_column(path: Path, values: pa.ChunkedArray, field: str) -> list[Any]:
    """A column of CLIPS, its words as the clips table has them."""
    if field == "recorded_at":
        return list(moments(str(path), values)[0].to_pylist())
    if field == "date" and pa.types.is_timestamp(values.type):
        values = days(str(path), values)
    words: dict[Any, Any] = {}
    cells = ["nan" if cell != cell else cell for cell in values.to_pylist()]  # one NaN is not another
    for value in dict.fromkeys(cells):
        words[value] = _WORDS.get(field, str)("" if value is None else str(value))
        if words[value] is None:
            row = cells.index(value) + 1
            raise UsageError(f"row {row} of {path}: {field} = {value!r} is not known; write it as a manifest has it")
    return [words[value] for value in cells]


def _filled(text: str) -> str | None:
    return text or None


_WORDS: dict[str, Callable[[str], str | None]] = {
    "uri": _filled,
    "machine_type": _filled,
    "machine_id": _filled,
    "split": lambda text: text if text in SPLITS else None,
    "domain": lambda text: text if text in DOMAINS else None,
    "condition": condition_of,
    "date": lambda text: UNDATED if text in ("", UNDATED) else parse_date(text),
    "extra": lambda text: text or "{}",
}


def _clips(columns: dict[str, Any], embeddings: NDArray[np.float32]) -> pa.Table:
    count = len(embeddings)
    sizes = [embeddings.shape[1] * 4] * count
    ids = clip_ids(columns["uri"], sizes, [content_hash(row.tobytes()) for row in embeddings])
    defaults = {field: [value] * count for field, value in Placement._field_defaults.items()}
    whole = {**defaults, **columns, "clip_id": ids, "size": sizes}
    return pa.table({field: whole[field] for field in CLIPS.names}, schema=CLIPS)


def _flat(array: NDArray[Any]) -> NDArray[Any]:
    return array.reshape(len(array), int(np.prod(array.shape[1:])))


def _uri(name: str, *parts: str) -> str:
    return "import:" + "/".join(urllib.parse.quote(part) for part in (name, *parts))


def paths_of(arguments: list[str]) -> Iterator[Path]:
    """Files as they are, folders as the ``.npz`` and ``.parquet`` files in them."""
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix.lower() in (".npz", ".parquet"))
        else:
            yield path
