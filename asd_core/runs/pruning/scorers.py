"""Versions of scorers that a later one has superseded, and that nothing needs any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

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
    of another run than a fit names, those that an ensemble's scorer which stays is made from, and the anchor of a
    machine's bank that grew: `asd fit --update` compares nights with it.

    Args:
        store: where they are.
        found: all versions, see `stored_versions`.
        limit: from when on one is old.
        named: in the run records.
    """
    stay = (
        named.scorers | _current(store) | {f"{folder}/{_highest(of)}" for folder, of in found.items() if _highest(of)}
    )
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
    stay |= _members(store, stay, named.ensembles) | _anchors(store, stay, {name.rpartition("/")[0] for name, _ in old})
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


def _anchors(store: Store, stay: Iterable[str], folders: Collection[str]) -> set[str]:
    """The versions of some folders from which banks grew that stay."""
    names = [name for name in sorted(stay) if name.rpartition("/")[0] in folders]
    found = set()
    for name, data in zip(names, read_present(store.files, [f"{name}/{_HEAD}" for name in names]), strict=True):
        told = json_object(f"{name}/{_HEAD}", data).get("update") if data is not None else None
        if isinstance(told, dict) and isinstance(told.get("anchor"), str):
            found.add(f"{name.rpartition('/')[0]}/{told['anchor']}")
    return found


def _members(store: Store, stay: Iterable[str], ensembles: Iterable[str]) -> set[str]:
    """The versions that the scorers of ensembles are made from.

    Raises:
        AsdError: a head is broken: what it is made from is not known.
    """
    folders = tuple(f"scorers/{key}/" for key in ensembles)
    heads = [f"{name}/{_HEAD}" for name in sorted(stay) if folders and name.startswith(folders)]
    found = set()
    for path, data in zip(heads, read_present(store.files, heads), strict=True):
        if data is None:
            continue
        head, machine = json_object(path, data), path.split("/", 2)[2].rsplit("/", 2)[0]
        try:
            found |= {f"scorers/{key}/{machine}/{version}" for key, version in head["members"].values()}
        except (KeyError, AttributeError, ValueError, TypeError) as error:
            raise AsdError(
                f"{path} in the store does not tell its members: restore it, or remove its folder"
            ) from error
    return found
