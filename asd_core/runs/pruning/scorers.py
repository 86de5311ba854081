"""Versions of scorers that a later one has superseded, and that nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from asd_core.errors import AsdError
from asd_core.runs.pruning.named import Named
from asd_core.runs.pruning.prunable import Limit, Prunable
from asd_core.store.broken_files import json_object
from asd_core.store.files import FileInfo
from asd_core.store.many_files import read_present
from asd_core.store.store import Store

_KINDS = ("scorers", "type_scorers")
_HEAD = "scorer.json"

Versions = dict[str, dict[str, list[FileInfo]]]
"""Scorer folder → version → its files."""


def stored_versions(store: Store) -> Versions:
    """Every version of every scorer, by one listing."""
    found: Versions = {}
    for kind in _KINDS:
        for info in store.files.list(kind):
            parts = info.path.rsplit("/", 2)
            if len(parts) == 3:
                found.setdefault(parts[0], {}).setdefault(parts[1], []).append(info)
    return found


def superseded_scorers(store: Store, found: Versions, limit: Limit, named: Named) -> list[Prunable]:
    """Versions that were superseded before a moment, and folders of versions that were never committed.

    These stay: the newest version of each machine and type, each that ``newest_scorers/`` names, each that the record
    of another run than a fit names, those that banks have grown from, and those that make up an ensemble's scorer which
    stays.

    Args:
        store: where they are.
        found: all versions, see `stored_versions`.
        limit: from when on one is old.
        named: in the run records.
    """
    current = _current(store) | {f"{folder}/{_highest(of)}" for folder, of in found.items() if _highest(of)}
    stay = named.scorers | current | _anchors(store, current, named.updated)
    old: list[tuple[str, list[FileInfo]]] = []
    for folder, versions in found.items():
        for version, files in versions.items():
            name = f"{folder}/{version}"
            if not _is_committed(files):
                if limit.are_old_files(files) and name not in stay:
                    old.append((name, files))
            elif name not in stay:
                if _was_superseded(folder, version, versions, named, limit):
                    old.append((name, files))
                else:
                    stay.add(name)
    stay |= _members(store, stay, named.ensembles)
    return [
        Prunable(
            name,
            tuple(info for info in files if info.path.endswith(f"/{_HEAD}")),
            tuple(info for info in files if not info.path.endswith(f"/{_HEAD}")),
        )
        for name, files in sorted(old)
        if name not in stay
    ]


def _current(store: Store) -> set[str]:
    listed = (info.path for kind in _KINDS for info in store.files.list(f"newest_{kind}"))
    return {path.removeprefix("newest_") for path in listed}


def _is_committed(files: Iterable[FileInfo]) -> bool:
    return any(info.path.endswith(f"/{_HEAD}") for info in files)


def _highest(versions: Mapping[str, list[FileInfo]]) -> str:
    return max((version for version, files in versions.items() if _is_committed(files)), default="")


def _was_superseded(
    folder: str, version: str, versions: Mapping[str, list[FileInfo]], named: Named, limit: Limit
) -> bool:
    """True where a higher version was there before the moment, by the record of its fit or else by its file."""
    told = [moment for moment, other in named.fits.get(folder, ()) if other > version]
    if told:
        return limit.is_old_time(min(told))
    later = [info for other, files in versions.items() if other > version for info in files]
    moments = [info.modified for info in later if info.path.endswith(f"/{_HEAD}")]
    return bool(moments) and limit.is_old_time(_iso(min(moments)))


def _iso(seconds: float) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (ValueError, OverflowError):  # a time that is not known
        return ""


def _anchors(store: Store, current: Iterable[str], updated: Iterable[str]) -> set[str]:
    """The versions that current ones have grown from."""
    found = set()
    for path, head in _heads(store, current, updated):
        update = head.get("update")
        if isinstance(update, dict):
            found.add(f"{path.rsplit('/', 2)[0]}/{update.get('anchor')}")
    return found


def _members(store: Store, stay: Iterable[str], ensembles: Iterable[str]) -> set[str]:
    """The versions that the scorers of ensembles are made from.

    Raises:
        AsdError: a head is broken: what it is made from is not known.
    """
    found = set()
    for path, head in _heads(store, stay, ensembles):
        machine = path.split("/", 2)[2].rsplit("/", 2)[0]
        try:
            found |= {f"scorers/{key}/{machine}/{version}" for key, version in head["members"].values()}
        except (KeyError, AttributeError, ValueError, TypeError) as error:
            raise AsdError(
                f"{path} in the store does not tell its members: restore it, or remove its folder"
            ) from error
    return found


def _heads(store: Store, names: Iterable[str], keys: Iterable[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and object of the heads of some scorers, of those that are of these KEYs and are there."""
    folders = tuple(f"{kind}/{key}/" for kind in _KINDS for key in keys)
    paths = [f"{name}/{_HEAD}" for name in sorted(names) if folders and name.startswith(folders)]
    for path, data in zip(paths, read_present(store.files, paths), strict=True):
        if data is not None:
            yield path, json_object(path, data)
