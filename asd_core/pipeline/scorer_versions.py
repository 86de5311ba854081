"""Each machine's newest scorer.

A scorer's folder name ends in its version, and a machine's highest version is the one that scores. Listing every
version of every machine takes longer with each fit. So an empty file in ``newest_scorers/<KEY>/`` names each machine's
newest version. Where ``+complete`` is not beside them (a store of before), not all machines are named there, and the
scorers themselves are listed.
"""

from __future__ import annotations

from asd_core.store.many_files import delete_many, write_many
from asd_core.store.store import Store

_COMPLETE = "+complete"  # no machine type is quoted to it


def newest_versions(store: Store, key: str) -> dict[str, str]:
    """Scorer folder → newest committed version, of all machines of a recipe key."""
    named = _named(store, f"scorers/{key}")
    if f"newest_scorers/{key}/{_COMPLETE}" not in named:
        return {folder: max(versions) for folder, versions in committed_versions(store, f"scorers/{key}").items()}
    newest: dict[str, str] = {}
    for path in named:
        folder, version = path.removeprefix("newest_").rsplit("/", 1)
        if version != _COMPLETE:
            newest[folder] = max(version, newest.get(folder, ""))
    return newest


def committed_versions(store: Store, prefix: str) -> dict[str, list[str]]:
    """Scorer folder → its committed versions, for all folders under a prefix."""
    found: dict[str, list[str]] = {}
    for info in store.files.list(prefix):
        if info.path.endswith("/scorer.json"):
            folder, version, _ = info.path.rsplit("/", 2)
            found.setdefault(folder, []).append(version)
    return found


def name_newest(store: Store, folder: str, version: str) -> None:
    """Name a machine's newest version; the names of lower versions go, and of higher ones that were removed by hand.

    Args:
        store: where the scorers are.
        folder: of the machine.
        version: the newest that this fit knows; a fit at the same time may have committed another.
    """
    named = {path.rpartition("/")[2]: path for path in _named(store, folder)}
    if version not in named:
        store.files.write_new(_name(folder, version), b"")
    past = [
        path
        for other, path in sorted(named.items())
        if other < version or (other > version and not store.files.exists(f"{folder}/{other}/scorer.json"))
    ]
    delete_many(store.files, past)


def name_all_newest(store: Store, key: str) -> None:
    """Name the newest scorer of every machine of a recipe key, once; a fit calls this before its first scorer."""
    complete = f"newest_scorers/{key}/{_COMPLETE}"
    if not store.files.exists(complete):
        newest = newest_versions(store, key)
        write_many(store.files, {_name(folder, version): b"" for folder, version in sorted(newest.items())})
        store.files.write_new(complete, b"")


def _name(folder: str, version: str) -> str:
    return f"newest_{folder}/{version}"


def _named(store: Store, folder: str) -> set[str]:
    return {info.path for info in store.files.list(f"newest_{folder}")}
