"""Scores of learnt nights, each left out, kept beside the scorers and together in one file.

    scorers/<KEY>/<machine_type>/<machine_id>/<version>/nights.parquet    rows of LEFT_OUT of one scorer
    fitted_nights/<KEY>/<hash>.parquet                                    those of the scorers asked for last

A scorer of before has no such file (`asd_core.pipeline.lacking_nights`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.pipeline.left_out_nights import LEFT_OUT, left_out_nights, scores_without_clips
from asd_core.pipeline.scorer import Scorer
from asd_core.store.broken_files import table_in
from asd_core.store.checked_tables import in_schema
from asd_core.store.many_files import delete_many, read_present
from asd_core.store.store import Store
from asd_core.store.tables import from_parquet, to_parquet

_WORD = pa.dictionary(pa.int32(), pa.string())

FITTED_NIGHTS = pa.schema(
    [
        pa.field("folder", _WORD, nullable=False),  # the machine's, under scorers/
        pa.field("version", _WORD, nullable=False),
        pa.field("night", _WORD, nullable=False),
        pa.field("left_out", _WORD, nullable=False),
        pa.field("anomaly_score", pa.float64(), nullable=False),
        pa.field("level_db", pa.float64()),
    ]
)
"""LEFT_OUT of many scorers, without addresses of clips."""

_FEW = 64  # scorers whose own files are read as fast as one of all of them


def nights_path(folder: str, version: str) -> str:
    """Path of the scores of a scorer's learnt nights.

    Args:
        folder: of the machine, under ``scorers/``.
        version: of the scorer.
    """
    return f"{folder}/{version}/nights.parquet"


def keep_nights(
    store: Store,
    folder: str,
    version: str,
    scorer: Scorer,
    rows: pa.Table,
    labelled: Collection[str] = (),
    beside: pa.Table | None = None,
) -> None:
    """Keep the scores of a scorer's learnt nights, unless they are there. Where they cannot be had, those by clip.

    Nights are labelled normal because they were alarms. Among the learnt nights they would tell that well machines have
    such nights often, and alarms would become ever rarer (docs/alarms.md). So their clips are learnt, and their nights
    are not among those that new ones are compared with.

    Args:
        store: where the scorer is.
        folder: of the machine, under ``scorers/``.
        version: of the scorer.
        scorer: fitted.
        rows: rows of EMBEDDINGS of its training clips, in the order in which it learnt them.
        labelled: ids of the clips among them that are there because a person labelled them normal.
        beside: rows of LEFT_OUT of nights that the scorer has not learnt and that new ones are compared with too.
    """
    path = nights_path(folder, version)
    if store.files.exists(path):
        return
    try:
        found = left_out_nights(scorer, rows)
    except (AsdError, ValueError, ArithmeticError):  # the latter two from within a library
        found = scores_without_clips(scorer)
    if labelled:
        own = rows.filter(pc.is_in(rows["clip_id"], value_set=pa.array(sorted(labelled), pa.string())))["uri"]
        found = found.filter(pc.invert(pc.is_in(found["uri"], value_set=own.combine_chunks())))
    if beside is not None:
        found = pa.concat_tables([found, beside])
    store.files.write_new(path, to_parquet(found))


def stored_nights(store: Store, folder: str, version: str) -> pa.Table | None:
    """Rows of LEFT_OUT of one scorer; None where they were never computed.

    Raises:
        AsdError: the file is broken.
    """
    (data,) = read_present(store.files, [nights_path(folder, version)])
    return None if data is None else _read(data, nights_path(folder, version))


def fitted_nights(store: Store, key: str, versions: Mapping[str, str]) -> tuple[pa.Table, dict[str, str]]:
    """The scores of the learnt nights of many scorers, of 10,000 in one file.

    Args:
        store: where the scorers are.
        key: of the recipe.
        versions: scorer folder → version.

    Returns:
        Rows of FITTED_NIGHTS, and the scorers whose nights were never computed: folder → version.

    Raises:
        AsdError: a file is broken.
    """
    kept_in = f"fitted_nights/{key}"
    files = [info.path for info in store.files.list(kept_in)] if len(versions) > _FEW else []
    kept = [_chosen(_kept_in(data), versions) for data in read_present(store.files, files) if data is not None]
    known = {folder for table in kept for folder in pc.unique(table["folder"]).to_pylist()}
    rest = {folder: version for folder, version in versions.items() if folder not in known}
    lacking: dict[str, str] = {}
    paths = [nights_path(folder, version) for folder, version in rest.items()]
    for (folder, version), data in zip(rest.items(), read_present(store.files, paths), strict=True):
        if data is None:
            lacking[folder] = version
        else:
            kept.append(_named(_read(data, nights_path(folder, version)), folder, version))
    table = pa.concat_tables([FITTED_NIGHTS.empty_table(), *kept]).unify_dictionaries().combine_chunks()
    if len(rest) - len(lacking) > _FEW:
        data = to_parquet(table)
        path = f"{kept_in}/{content_hash(data)}.parquet"
        store.files.write_new(path, data)
        delete_many(store.files, [other for other in files if other != path])
    return table, lacking


def _kept_in(data: bytes) -> pa.Table:
    """Rows of many scorers that were kept together; none where that file is broken: each scorer's own are read then."""
    try:
        return in_schema(from_parquet(data), FITTED_NIGHTS)
    except pa.ArrowException:
        return FITTED_NIGHTS.empty_table()


def _chosen(table: pa.Table, versions: Mapping[str, str]) -> pa.Table:
    """The rows of scorers asked for, of a file of many."""
    table = table.combine_chunks()
    folders = table["folder"].chunk(0) if len(table) else FITTED_NIGHTS.empty_table()["folder"].combine_chunks()
    wanted = pa.array([versions.get(folder) for folder in folders.dictionary.to_pylist()], pa.string())
    return table.filter(pc.equal(wanted.take(folders.indices), pc.cast(table["version"], pa.string())))


def _named(rows: pa.Table, folder: str, version: str) -> pa.Table:
    count = len(rows)
    columns = {"folder": [folder] * count, "version": [version] * count}
    columns |= {name: rows[name] for name in FITTED_NIGHTS.names if name in LEFT_OUT.names}
    return pa.table(columns).cast(FITTED_NIGHTS)


def _read(data: bytes, path: str) -> pa.Table:
    return table_in(path, data, LEFT_OUT, "remove it, and it is computed again")
