"""Going back to earlier scorers: before the last fit that changed any, or as they were on a date, or to a version."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asd_core.clips.selection import checked_date
from asd_core.errors import AsdError, UsageError, did_you_mean
from asd_core.pipeline.lacking_nights import learnt_clips
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_history import Published, all_versions, is_same, publications, publish_again
from asd_core.pipeline.scorer_versions import name_all_newest
from asd_core.pipeline.stored_scorers import stored_head
from asd_core.pipeline.type_scorers import type_folder
from asd_core.recipe.recipe import Recipe
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.store.store import Store

_VERSION = re.compile(r"v\d{6}(-[0-9a-f]{8})?")


@dataclass(frozen=True)
class Restored:
    """The outcome of a rollback for one scorer.

    Attributes:
        folder: of the machine, or of the machine type.
        before: version that was the newest.
        target: earlier version that was asked for; "" where there is none.
        version: that is the newest now.
        is_new: False where nothing had to be published.
        error: why the scorer stays as it is; None where it does not.
    """

    folder: str
    before: str
    target: str
    version: str
    is_new: bool = False
    error: str | None = None


def rollback(
    store: Store, recipe: Recipe, to: str = "", machines: Collection[str] = (), *, is_dry: bool = False
) -> tuple[dict[str, Any] | None, list[Restored]]:
    """Make earlier scorers the newest ones, under new version numbers. The same call again changes nothing.

    Args:
        store: where they are.
        recipe: whose scorers.
        to: a date, for the scorers as they were at its end (UTC); a version such as ``v000002``; "" for the scorers
            before the last fit or update that changed any.
        machines: ``TYPE/ID`` of machines, or ``TYPE`` of the scorers that new machines of a type borrow; none for all.
        is_dry: tell what would be done, and do nothing.

    Returns:
        The run's record, None where nothing is published, and what became of each scorer.

    Raises:
        UsageError: a date before all fits, a version that no machine has, or an unknown machine.
        AsdError: there is nothing to go back to.
    """
    started, key = now(), recipe.key()
    present = all_versions(store, key)
    if not present:
        raise AsdError(f"the store holds no scorers of {key}: run asd fit first")
    history = publications(store, key)
    targets = _targets(history, present, to)
    chosen = _of(machines, key, present)
    targets = {folder: version for folder, version in targets.items() if chosen is None or folder in chosen}
    if not targets:
        raise UsageError(f"none of these machines changed then: asd scorers lists versions{' and dates' * bool(to)}")
    if not is_dry:
        name_all_newest(store, key)
    done = [_restored(store, one, target, present[one], is_dry) for one, target in sorted(targets.items())]
    versions = {one.folder: one.version for one in done if one.error is None}
    if is_dry or versions.items() <= _state(history).items():  # one that was killed may have published all but this
        return None, done
    clips = learnt_clips(store, key, {one.folder: one.target for one in done if one.error is None})
    record = {
        "run_id": run_id_of("fit", clips, key, sorted(versions.items()), {}, "rollback"),
        "job": "fit",
        "key": key,
        "recipe": recipe_record(recipe),
        "fingerprints": {
            kind: recipe.fingerprint(kind)
            for kind in sorted(set(clips["machine_type"].to_pylist()))
            if recipe.ensemble is None
        },
        "dates": sorted(set(clips["date"].to_pylist())),
        "counts": {
            "listed": len(clips),
            "errors": 0,
            "errors_by_reason": {},
            "machines": len(done),
            "fitted": len(versions),
            "new_scorers": sum(one.is_new for one in done),
        },
        "scorers": versions,
        "rollback": {one.folder: one.target for one in done if one.error is None},
        "notes": [],
        "failed_machines": {one.folder: one.error for one in done if one.error},
        "seconds": {"rollback": 0.0},
        "started_at": started,
    }
    commit(store, record, clips)
    return record, done


def _targets(history: Sequence[Published], present: Mapping[str, Sequence[str]], to: str) -> dict[str, str]:
    """Scorer folder → the version to go back to; "" where there was none."""
    if _VERSION.fullmatch(to):
        found = {one: next((v for v in own if v.startswith(to)), "") for one, own in present.items()}
        found = {one: version for one, version in found.items() if version}
        if not found:
            raise UsageError(f"no machine has a scorer {to}: asd scorers --machine TYPE/ID lists those that there are")
        return found
    if to:
        date = checked_date(to)
        until = [one for one in history if one.committed_at[:10] <= date]
        if not until:
            first = f"; the first is of {history[0].committed_at[:10]}" if history else ""
            raise UsageError(f"no scorer is of {date} or before{first}")
        state = dict.fromkeys(present, "") | _state(until)
        return {folder: version for folder, version in state.items() if folder in present}
    changes = [one for one in history if one.kind != "rollback" and any(before for before, _ in one.changed.values())]
    if not changes:
        raise AsdError("there is nothing to go back to: no fit has replaced a scorer yet")
    return {folder: before for folder, (before, _) in changes[-1].changed.items() if folder in present}


def _state(history: Sequence[Published]) -> dict[str, str]:
    return {folder: after for one in history for folder, (_, after) in one.changed.items()}


def _of(machines: Collection[str], key: str, present: Collection[str]) -> set[str] | None:
    """The scorer folders of machines and types; None for all."""
    if not machines:
        return None
    found = {}
    for name in machines:
        kind, slash, machine_id = name.partition("/")
        found[name] = scorer_folder(key, kind, machine_id) if slash else type_folder(key, kind)
        if found[name] not in present:
            raise UsageError(f"no scorer of {name!r} is in the store" + did_you_mean(name, known_machines(present)))
    return set(found.values())


def known_machines(folders: Collection[str]) -> list[str]:
    """Names of machines and types as `rollback` takes them, of scorer folders."""
    return sorted("/".join(folder.split("/")[2:]) for folder in folders)


def _restored(store: Store, folder: str, target: str, versions: Sequence[str], is_dry: bool) -> Restored:
    newest = versions[-1]
    if not target:
        return Restored(folder, newest, "", newest, error="it had no earlier scorer, and stays as it is")
    try:
        if is_dry:
            stored_head(store, folder, target)
            return Restored(folder, newest, target, newest, not is_same(target, newest))
        version, is_new = publish_again(store, folder, target, newest)
    except AsdError as error:
        return Restored(folder, newest, target, newest, error=str(error))
    return Restored(folder, newest, target, version, is_new)
