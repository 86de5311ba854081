"""A run that listened to nothing is no success: why, and the command that mends it, in one line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from asd_core.errors import AsdError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.recipe.recipe import Recipe
    from asd_core.store.store import Store

_NAMED = 5  # machines that a note names


def refuse_silence(
    store: Store, recipe: Recipe, options: Mapping[str, Any], clips: pa.Table, record: Mapping[str, Any]
) -> None:
    """Raise AsdError where a scoring run gave not one score; its rows are published all the same.

    Args:
        store: that was scored with.
        recipe: whose scorers were asked for.
        options: that the command was given.
        clips: all of the archive, of which the run took some.
        record: of the run.
    """
    from asd_core.runs.other_recipes import held_instead

    counts = record["counts"]
    if counts["scored"]:
        return
    reasons, listed = counts["errors_by_reason"], counts["listed"]
    if "no_scorer" in reasons and not record["scorers"]:
        nowhere = f"the store {store.files.address('')} has no scorer of any recipe"
        why = f"no machine of these {listed} clips has a scorer of {recipe.key()}"
        mend = f"run {written('fit', options)}{_normals(clips)}; {held_instead(store, recipe) or nowhere}"
    else:
        told = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        why, mend = f"none of {listed} clips has a score ({told})", _first_error(store, record)
    raise AsdError(f"nothing was listened to: {why}: {mend}")


def refuse_unscored(store: Store, recipe: Recipe, options: Mapping[str, Any]) -> None:
    """Raise AsdError where no night of a recipe is scored."""
    from asd_core.runs.other_recipes import held_instead

    if store.scored_dates(recipe.key()):
        return
    command = written("nightly", {**options, "archive": "ARCHIVE"})
    mend = f"nothing is scored for {recipe.key()}: run {command} or asd score first"
    raise AsdError("; ".join(filter(None, [mend, held_instead(store, recipe)])))


def without_scorer(clips: pa.Table, record: Mapping[str, Any]) -> list[str]:
    """Notes on machines of a run that have no scorer: those that borrowed, and others where not all are without one."""
    from asd_core.clips.clip import UNPLACED
    from asd_core.pipeline.scorer_files import scorer_folder
    from asd_core.pipeline.type_scorers import type_folder
    from asd_core.store.tables import rows_of

    machines, key, scorers = sorted(set(rows_of(clips, "machine_type", "machine_id"))), record["key"], record["scorers"]
    placed = [machine for machine in machines if UNPLACED not in machine]
    lacking = [machine for machine in placed if scorer_folder(key, *machine) not in scorers]
    borrowed = [machine for machine in lacking if type_folder(key, machine[0]) in scorers]
    others = [machine for machine in lacking if machine not in set(borrowed)]
    notes = []
    if borrowed:
        notes.append(
            f"{len(borrowed)} of {len(placed)} machines are judged by the bank of their type: {_named(borrowed)}"
        )
    if others and len(others) < len(placed):
        lost = "no scorer, so nothing of them is scored"
        notes.append(f"{len(others)} of {len(placed)} machines have {lost}: {_named(others)}")
    return notes


def _named(machines: Sequence[tuple[str, str]]) -> str:
    return ", ".join(" ".join(machine) for machine in machines[:_NAMED]) + ", ..." * (len(machines) > _NAMED)


def written(command: str, options: Mapping[str, Any]) -> str:
    """A command with the archive, recipe, store and naming scheme that another one was given, to be copied."""
    words = ["asd", command, *([options["archive"]] if options.get("archive") else [])]
    words += ["--recipe", options["recipe_name"]]
    for setting in options.get("settings") or ():
        words += ["--set", setting]
    given = {"--encoder": "encoder_name", "--channel": "channel", "--store": "store_url"}
    if options.get("archive"):
        given |= {"--layout": "layout", "--pattern": "pattern", "--night-ends": "night_ends"}
    for option, name in given.items():
        if options.get(name) not in (None, "auto"):
            words += [option, options[name]]
    return shlex.join(map(str, words))


def _normals(clips: pa.Table) -> str:
    """The options that say which clips are normal: none where the archive says it itself, else its first days."""
    from asd_core.clips.clip import UNDATED
    from asd_core.clips.selection import training_clips

    with suppress(UsageError):
        training_clips(clips)
        return ""
    dates = sorted(set(clips["date"].to_pylist()) - {UNDATED})
    if not dates:
        return " --normal-list FILE"
    earlier = dates[:-1] or dates
    return f" --since {earlier[0]} --until {earlier[-1]} (name nights that were normal)"


def _first_error(store: Store, record: Mapping[str, Any]) -> str:
    rows = store.read_scores(record, ["uri", "error"])
    uri, error = (rows[name][0].as_py() for name in ("uri", "error"))
    return f"the first is {uri}: {error}"
