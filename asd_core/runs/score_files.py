"""Files of anomaly scores made elsewhere: CSV or Parquet, one row a recording.

``anomaly_score`` (or ``score``), and one of ``uri``, ``path`` and ``file`` that names the recording. Machine, split,
domain, condition and attributes are read from DCASE names; columns of these names go before. ``section`` is another
word for ``machine_id``. A file of several systems has them in a column ``system``.
"""

from __future__ import annotations

import urllib.parse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from asd_core.clips.clip import Placement, clip_ids
from asd_core.clips.dcase import place
from asd_core.clips.manifest_table import with_known_names
from asd_core.detectors.imported_scores import as_embeddings
from asd_core.digest import content_hash
from asd_core.errors import UsageError, did_you_mean
from asd_core.runs.embedding_files import clip_column
from asd_core.store.column_checks import check_columns, read_parquet
from asd_core.store.tables import CLIPS

_SCORES, _NAMES = ("anomaly_score", "score"), ("uri", "path", "file")
_TOLD = [name for name in Placement._fields if name not in ("date", "recorded_at", "extra")]


def read_scores(path: Path, name: str, system: str | None = None) -> tuple[pa.Table, NDArray[np.float32]]:
    """The rows of CLIPS of one file, and its scores as embeddings (N, 2) float32.

    Args:
        path: of the file.
        name: under which the scores are kept, for messages.
        system: the one to take where the file has a column ``system``.

    Raises:
        UsageError: the file cannot be read, lacks a column, has several systems, or names a recording twice.
    """
    table = with_known_names(_read(path), str(path), *_SCORES, "file", "section", "system")
    check_columns(table, str(path), (*CLIPS.names, *_SCORES, *_NAMES, "system", "section"))
    table = _of_system(path, table, system)
    if "label" in table.column_names and "condition" not in table.column_names:
        table = table.rename_columns(["condition" if one == "label" else one for one in table.column_names])
    if "section" in table.column_names and "machine_id" not in table.column_names:
        table = table.rename_columns(["machine_id" if one == "section" else one for one in table.column_names])
    scores = _numbers(path, table, _column_of(path, table, _SCORES, "the score of each recording"))
    named = _column_of(path, table, _NAMES, "the name of each recording")
    kinds = table["machine_type"].to_pylist() if "machine_type" in table.column_names else [None] * len(table)
    texts = [str(text or "").strip() for text in table[named].to_pylist()]
    if "" in texts:
        raise UsageError(f"row {texts.index('') + 1} of {path} has no {named}")
    paths = [_dcase_path(text, kind) for text, kind in zip(texts, kinds, strict=True)]
    told = [place(urllib.parse.unquote(one)) for one in paths]
    columns: dict[str, Any] = {field: [getattr(one, field) for one in told] for field in Placement._fields}
    given = [field for field in ("date", "recorded_at", *_TOLD) if field in table.column_names]
    columns |= {field: clip_column(path, table[field], field) for field in given}
    columns["uri"] = [_uri(text, one) for text, one in zip(texts, paths, strict=True)]
    return _clips(path, name, columns, scores), as_embeddings(scores)


def _read(path: Path) -> pa.Table:
    try:
        match path.suffix.lower():
            case ".parquet":
                return read_parquet(path)
            case ".csv":
                names = pyarrow.csv.open_csv(path).schema.names
                as_text = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()))
                return pyarrow.csv.read_csv(path, convert_options=as_text)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise UsageError(f"cannot read scores from {path}: {str(error).splitlines()[0]}") from error
    raise UsageError(f"cannot import {path}: scores come as .csv or .parquet files")


def _of_system(path: Path, table: pa.Table, system: str | None) -> pa.Table:
    if "system" not in table.column_names:
        if system is not None:
            raise UsageError(f"{path} has no column 'system', so --system {system} has no place")
        return table
    systems = table["system"].unique().to_pylist()
    if system is None and len(systems) > 1:
        raise UsageError(f"{path} has scores of {len(systems)} systems: name one with --system: {', '.join(systems)}")
    if system is not None and system not in systems:
        raise UsageError(f"{path} has no system {system!r}{did_you_mean(system, systems)}")
    return table if system is None else table.filter(pc.equal(table["system"], system))


def _column_of(path: Path, table: pa.Table, names: tuple[str, ...], what: str) -> str:
    found = [name for name in names if name in table.column_names]
    if not found:
        raise UsageError(f"{path} has no column {' or '.join(map(repr, names))}: it needs {what}")
    return found[0]


def _numbers(path: Path, table: pa.Table, column: str) -> NDArray[np.float64]:
    values = table[column].to_pylist()
    numbers = np.full(len(values), np.nan)
    for row, value in enumerate(values):
        try:
            numbers[row] = np.nan if value in (None, "") else float(value)
        except (TypeError, ValueError) as error:
            raise UsageError(f"row {row + 1} of {path}: {column} = {value!r} is no number") from error
    return numbers


def _dcase_path(text: str, machine_type: str | None) -> str:
    """A path as DCASE names it: a file name alone is one of the machine's test clips."""
    if "/" in text or machine_type is None:
        return text
    return f"{machine_type}/{'train' if '_train_' in text else 'test'}/{text}"


def _uri(text: str, path: str) -> str:
    if "://" in text or text.startswith("import:"):
        return text
    return "import:" + urllib.parse.quote(path.lstrip("/"))


def _clips(path: Path, name: str, columns: dict[str, Any], scores: NDArray[np.float64]) -> pa.Table:
    uris = columns["uri"]
    if len(set(uris)) < len(uris):
        twice = next(uri for number, uri in enumerate(uris) if uri in uris[:number])
        raise UsageError(f"{path} names {twice} twice; leave one of them out")
    sizes = [8] * len(uris)
    ids = clip_ids(uris, sizes, [content_hash(f"{name} {score!r}".encode()) for score in scores.tolist()])
    whole = columns | {"clip_id": ids, "size": sizes}
    return pa.table({field: whole[field] for field in CLIPS.names}, schema=CLIPS)
