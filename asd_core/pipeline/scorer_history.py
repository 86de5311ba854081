"""Every version of a recipe's scorers, when each was published, and an earlier one made the newest again.

Every reader takes a machine's highest version. So an earlier one is not pointed to: its files are published again, byte
for byte, under the next number. Its scores are the same to the bit, its name ends in the same hash, and what scored
when stays true.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from asd_core.pipeline.scorer_versions import name_newest
from asd_core.pipeline.stored_scorers import stored_head, unchanged_file
from asd_core.store.store import Store


@dataclass(frozen=True)
class Published:
    """A run that published scorers.

    Attributes:
        run_id: of the run.
        committed_at: ISO 8601, UTC.
        kind: ``fit``, ``update`` or ``rollback``.
        changed: scorer folder → version before ("" for none) and after, of the scorers that it changed.
    """

    run_id: str
    committed_at: str
    kind: str
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)


def publications(store: Store, key: str) -> list[Published]:
    """The runs that published scorers of a recipe key, oldest first, each with what it changed."""
    state: dict[str, str] = {}
    found = []
    for entry in store.entries(("fit",), key):
        record = store.record(entry)
        scorers: dict[str, str] = record.get("scorers", {})
        changed = {one: (state.get(one, ""), version) for one, version in scorers.items() if state.get(one) != version}
        found.append(Published(entry.run_id, entry.committed_at, kind_of_fit(record), changed))
        state |= scorers
    return found


def kind_of_fit(record: dict[str, Any]) -> str:
    """``fit``, ``update`` or ``rollback``: how the run of a record published scorers."""
    return next((kind for kind in ("rollback", "update") if kind in record), "fit")


def all_versions(store: Store, key: str) -> dict[str, list[str]]:
    """Scorer folder → its committed versions, ascending, of all machines and machine types of a recipe key."""
    found: dict[str, list[str]] = defaultdict(list)
    for room in ("scorers", "type_scorers"):
        for info in store.files.list(f"{room}/{key}"):
            if info.path.endswith("/scorer.json"):
                folder, version, _ = info.path.rsplit("/", 2)
                found[folder].append(version)
    return {folder: sorted(versions) for folder, versions in found.items()}


def is_same(version: str, other: str) -> bool:
    """True for versions of one folder with the same content: only their numbers differ."""
    return version[-8:] == other[-8:]


def publish_again(store: Store, folder: str, version: str, newest: str) -> tuple[str, bool]:
    """Make an earlier version of a scorer the newest one, unless the newest is equal to it.

    Args:
        store: where it is.
        folder: of the machine or the machine type.
        version: to publish again.
        newest: the highest committed version of the folder.

    Returns:
        The newest version now, and whether it is new.

    Raises:
        AsdError: the earlier version is gone or its bytes have changed.
    """
    head = stored_head(store, folder, version)
    is_new = not is_same(version, newest)
    if is_new:
        again = f"v{int(newest[1:7]) + 1:06d}-{version[-8:]}"
        unchanged_file(store, folder, version, f"{head['arrays']}.npz", head["arrays"])
        names = [info.path.rpartition("/")[2] for info in store.files.list(f"{folder}/{version}")]
        for name in sorted(names, key=lambda one: one == "scorer.json"):  # last: it commits the version
            store.files.write_new(f"{folder}/{again}/{name}", store.files.read(f"{folder}/{version}/{name}"))
        newest = again
    name_newest(store, folder, newest)
    return newest, is_new
