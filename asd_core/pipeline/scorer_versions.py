"""Each machine's newest scorer, without listing or opening 10,000 scorers a night.

A scorer's folder name ends in its version, and a machine's highest version is the one that scores. Listing every
version of every machine takes longer with each fit. So an empty file in ``newest_scorers/<KEY>/`` names each machine's
newest version. Where ``+complete`` is not beside them (a store of before), not all machines are named there, and the
scorers themselves are listed.

A scorer's head is its ``scorer.json``. Heads that were read one by one are kept together in one file, which the next
reader opens instead; versions are never written over, so what is kept stays true.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.store.broken_files import json_object, named_if_broken
from asd_core.store.checked_tables import in_schema
from asd_core.store.many_files import delete_many, read_present, write_many
from asd_core.store.store import Store
from asd_core.store.tables import from_parquet, to_parquet

HEADS = pa.schema(
    [
        pa.field("folder", pa.string(), nullable=False),  # the machine's, under scorers/
        pa.field("version", pa.string(), nullable=False),
        pa.field("head", pa.string(), nullable=False),  # scorer.json with the number of its uris instead of them
    ]
)
"""One row per machine."""

FIT_AGAIN = "remove the folder it is in and run asd fit again"
"""How a scorer whose file is broken is mended."""

_COMPLETE = "+complete"  # no machine type is quoted to it
_FEW = 64  # heads that are read one by one as fast as a file of them


def newest_versions(store: Store, key: str) -> dict[str, str]:
    """Scorer folder → newest committed version, of all machines of a recipe key."""
    named = [info.path.removeprefix("newest_") for info in store.files.list(f"newest_scorers/{key}")]
    if f"scorers/{key}/{_COMPLETE}" not in named:
        return newest_committed(store, f"scorers/{key}")
    pairs = (path.rsplit("/", 1) for path in sorted(named))  # of a machine's names the highest is the last
    return {folder: version for folder, version in pairs if version != _COMPLETE}


def has_scorers(store: Store, key: str) -> bool:
    """True where a fit of a recipe key is in the store; not one of 10,000 machines is listed for it."""
    return store.files.exists(f"newest_scorers/{key}/{_COMPLETE}") or bool(newest_committed(store, f"scorers/{key}"))


def newest_committed(store: Store, prefix: str) -> dict[str, str]:
    """Scorer folder → newest committed version, for all folders under a prefix."""
    triples = (info.path.rsplit("/", 2) for info in store.files.list(prefix) if info.path.endswith("/scorer.json"))
    return {folder: version for folder, version, _ in sorted(triples)}


def name_newest(store: Store, folder: str, version: str) -> None:
    """Name a machine's newest version; the names of lower versions go, and of higher ones that were removed by hand.

    Args:
        store: where the scorers are.
        folder: of the machine.
        version: the newest that this fit knows; a fit at the same time may have committed another.
    """
    named = {info.path.rpartition("/")[2] for info in store.files.list(f"newest_{folder}")}
    if version not in named:
        store.files.write_new(f"newest_{folder}/{version}", b"")
    others = sorted(named - {version})
    past = [one for one in others if one < version or not store.files.exists(f"{folder}/{one}/scorer.json")]
    delete_many(store.files, [f"newest_{folder}/{one}" for one in past])


def name_all_newest(store: Store, key: str) -> None:
    """Name the newest scorer of every machine of a recipe key, once; a fit calls this before its first scorer."""
    complete = f"newest_scorers/{key}/{_COMPLETE}"
    if not store.files.exists(complete):
        newest = newest_versions(store, key)
        write_many(store.files, {f"newest_{folder}/{version}": b"" for folder, version in newest.items()})
        store.files.write_new(complete, b"")


def newest_heads(store: Store, key: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Scorer folder → version and head of the machine's newest scorer.

    A head is the object in ``scorer.json``; ``normal_clips`` (how many it learnt) stands instead of ``uris``.

    Raises:
        AsdError: a ``scorer.json`` is not as it was written.
    """
    newest = sorted(newest_versions(store, key).items())
    folder = f"scorer_heads/{key}"
    files = [info.path for info in store.files.list(folder)] if len(newest) > _FEW else []
    kept = [_heads_in(data) for data in read_present(store.files, files) if data is not None]
    rows = {(row["folder"], row["version"]): row for table in kept for row in table.to_pylist()}
    lacking = [one for one in newest if one not in rows]
    heads = read_present(store.files, [f"{machine}/{version}/scorer.json" for machine, version in lacking])
    for (machine, version), data in zip(lacking, heads, strict=True):
        if data is not None:  # None for a folder that was removed by hand
            path = f"{machine}/{version}/scorer.json"
            if not content_hash(data).startswith(version[-8:]):
                raise AsdError(f"{path} in the store has changed since: {FIT_AGAIN}")
            rows[machine, version] = {"folder": machine, "version": version, "head": _shortened(path, data)}
    found = [rows[one] for one in newest if one in rows]
    if len(lacking) > _FEW:
        data = to_parquet(pa.Table.from_pylist(found, HEADS))
        path = f"{folder}/{content_hash(data)}.parquet"
        store.files.write_new(path, data)
        delete_many(store.files, [other for other in files if other != path])
    return {row["folder"]: (row["version"], json.loads(row["head"])) for row in found}


def _heads_in(data: bytes) -> pa.Table:
    """Heads that were kept together; none where that file is broken: they are read one by one then."""
    try:
        return in_schema(from_parquet(data), HEADS)
    except pa.ArrowException:
        return HEADS.empty_table()


def _shortened(path: str, data: bytes) -> str:
    head = json_object(path, data, FIT_AGAIN)
    with named_if_broken(path, FIT_AGAIN):
        uris = head.pop("uris")
        return json.dumps({**head, "normal_clips": len(uris)})
