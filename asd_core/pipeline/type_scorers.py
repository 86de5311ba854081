"""Scorers of machine types, which machines without a scorer of their own borrow.

    type_scorers/<KEY>/<machine_type>/<version>/        as a machine's, and the names of its machines in scorer.json
    newest_type_scorers/<KEY>/<machine_type>/           an empty file; its name is the newest version

A row that such a scorer scored names it ``type/<version>``.
"""

from __future__ import annotations

from asd_core.clips.clip import UNPLACED
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.store.store import Store, safe_name

ALL_MACHINES = "(all machines)"
"""The machine id of a type's scorer."""

_BORROWED = "type/"


def type_folder(key: str, machine_type: str) -> str:
    """The folder of a machine type's scorers."""
    return f"type_scorers/{key}/{safe_name(machine_type)}"


def newest_of_types(store: Store, key: str) -> dict[str, str]:
    """Folder of a type's scorers → newest version, of all machine types of a recipe key."""
    named = sorted(info.path.removeprefix("newest_") for info in store.files.list(f"newest_type_scorers/{key}"))
    return dict(path.rsplit("/", 1) for path in named)


def borrowed_name(version: str) -> str:
    """The name of a type's scorer in rows of scores."""
    return _BORROWED + version


def name_in_rows(folder: str, version: str) -> str:
    """The name in rows of scores of a scorer in a folder, a machine's or a type's."""
    return borrowed_name(version) if folder.startswith("type_scorers/") else version


def is_borrowed(scorer_version: str | None) -> bool:
    """True where a row was scored by the scorer of its machine type."""
    return scorer_version is not None and scorer_version.startswith(_BORROWED)


def can_borrow(machine_type: str, machine_id: str) -> bool:
    """False for clips of which the machine or its type is not known."""
    return UNPLACED not in (machine_type, machine_id)


def scorer_place(key: str, machine_type: str, machine_id: str, scorer_version: str) -> tuple[str, str]:
    """Folder and version of the scorer that a row of scores names."""
    if is_borrowed(scorer_version):
        return type_folder(key, machine_type), scorer_version.removeprefix(_BORROWED)
    return scorer_folder(key, machine_type, machine_id), scorer_version
