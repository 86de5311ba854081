"""The scorers of a recipe as a list: version, date, what was learnt, and whether it scores now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.pipeline.scorer_history import all_versions, publications
from asd_core.pipeline.scorer_versions import newest_heads
from asd_core.pipeline.stored_scorers import stored_head
from asd_core.runs.rollback import known_machines
from asd_core.store.store import Store


def listed_scorers(store: Store, key: str, machines: Collection[str] = ()) -> list[dict[str, Any]]:
    """The newest scorer of every machine, or all versions of some machines, newest first; JSON values.

    Args:
        store: where they are.
        key: of the recipe.
        machines: ``TYPE/ID``, or ``TYPE`` of the scorer that new machines of a type borrow; none for all machines.

    Raises:
        UsageError: an unknown machine.
        AsdError: there are no scorers.
    """
    present = all_versions(store, key)
    if not present:
        raise AsdError(f"the store holds no scorers of {key}: run asd fit first")
    made: dict[tuple[str, str], tuple[str, str]] = {}
    for run in publications(store, key):
        for folder, (_, version) in run.changed.items():
            made.setdefault((folder, version), (run.kind, run.committed_at))
    if not machines:
        heads = newest_heads(store, key)
        return [_row(one, version, head, made, present[one]) for one, (version, head) in heads.items()]
    folders = {known_machines([folder])[0]: folder for folder in present}
    if unknown := next((one for one in machines if one not in folders), None):
        raise UsageError(f"no scorer of {unknown!r} is in the store" + did_you_mean(unknown, folders))
    return [
        _row(folders[name], version, stored_head(store, folders[name], version), made, present[folders[name]])
        for name in machines
        for version in reversed(present[folders[name]])
    ]


def _row(
    folder: str,
    version: str,
    head: Mapping[str, Any],
    made: Mapping[tuple[str, str], tuple[str, str]],
    versions: Collection[str],
) -> dict[str, Any]:
    kind, moment = made.get((folder, version), ("", ""))
    return {
        "machine": known_machines([folder])[0],
        "version": version,
        "current": version == max(versions),
        "versions": len(versions),
        "made_by": kind,
        "made_at": moment,
        "clips": head["normal_clips"] if "normal_clips" in head else len(head["uris"]),
        "joined_nights": len(head.get("update", {}).get("nights", ())),
        "threshold": head["threshold"],
        "false_alarm_rate": head["false_alarm_rate"],
    }
