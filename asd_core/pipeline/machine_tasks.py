"""Cutting the work of the reducer, and which scorers it scores with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from asd_core.pipeline.embed_missing import Embedded
from asd_core.pipeline.lengths import Lengths
from asd_core.pipeline.planning import machine_groups
from asd_core.pipeline.scorer_files import scorer_folder
from asd_core.pipeline.scorer_versions import newest_versions
from asd_core.pipeline.type_scorers import can_borrow, newest_of_types, type_folder
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import Store
from asd_core.store.tables import rows_of

GROUP_ROWS = 1024  # rows of whole machines that one reducer task holds at most, or one machine that is larger


def machine_tasks(
    store: Store,
    recipe: Recipe,
    key: str,
    embedded: Embedded,
    versions: Mapping[str, str],
    run_id: str,
    workers: int,
    labelled: Collection[str] = (),
) -> list[MachineTask]:
    """One task a group of whole machines, several a worker."""
    rows = min(GROUP_ROWS, max(1, len(embedded.clips) // (4 * workers)))
    return [
        MachineTask(
            store.files.url,
            (recipe.name, recipe.settings),
            key,
            embedded.fingerprints,
            clips,
            _of_machines(versions, key, clips),
            {name: embedded.transient[name] for name in clips["clip_id"].to_pylist() if name in embedded.transient},
            run_id,
            part,
            frozenset(name for name in clips["clip_id"].to_pylist() if name in labelled) if labelled else frozenset(),
        )
        for part, clips in enumerate(machine_groups(embedded.clips, rows))
    ]


def scorer_versions(store: Store, key: str, clips: pa.Table) -> dict[str, str]:
    """Scorer folder → newest version, of the machines that have one, and of the types of those that borrow theirs."""
    own = newest_versions(store, key)
    has_all = all(scorer_folder(key, *machine) in own for machine in _machines(clips) if can_borrow(*machine))
    return _of_machines(own if has_all else own | newest_of_types(store, key), key, clips)


def _machines(clips: pa.Table) -> list[tuple[str, str]]:
    return list(rows_of(clips.group_by(["machine_type", "machine_id"]).aggregate([]), "machine_type", "machine_id"))


def _of_machines(versions: Mapping[str, str], key: str, clips: pa.Table) -> dict[str, str]:
    """The versions of the scorers of the machines of clips, and of the types of those without one."""
    machines = _machines(clips)
    own = {scorer_folder(key, *machine) for machine in machines}
    lacking = {kind for kind, name in machines if scorer_folder(key, kind, name) not in versions}
    folders = own | {type_folder(key, kind) for kind in lacking}
    return {folder: version for folder, version in versions.items() if folder in folders}


@dataclass(frozen=True)
class MachineTask:
    """A group of machines to fit or to score.

    Attributes:
        store_url: where everything lies.
        recipe: its name and settings.
        key: the recipe's.
        fingerprints: machine type → fingerprint of its embeddings.
        clips: CLIPS columns and ``shard`` (null where there is no embedding).
        versions: scorer folder → version to score with.
        transient: clip id → (reason, message) of clips that could not be read this time.
        run_id: whose score files are written.
        part: number of this task, which names its score files.
        labelled: ids of the clips to fit on that are there because a person labelled them normal.
    """

    store_url: str
    recipe: tuple[str, Mapping[str, Any]]
    key: str
    fingerprints: Mapping[str, str]
    clips: pa.Table
    versions: Mapping[str, str]
    transient: Mapping[str, tuple[str, str]]
    run_id: str = ""
    part: int = 0
    labelled: frozenset[str] = frozenset()


@dataclass(frozen=True)
class FitOutcome:
    """The outcome of `fit` for one machine."""

    machine_type: str
    machine_id: str
    normal_clips: int
    version: str | None = None  # None: no scorer, and `error` says why
    is_new: bool = False
    threshold: float | None = None
    false_alarm_rate: float | None = None
    notes: tuple[str, ...] = ()
    error: str | None = None
    lengths: Lengths = Lengths()
    left_out: str = "clip"  # see `Scorer.left_out`
    labelled_normal: int = 0  # of the normal clips, those that are there for a label alone


@dataclass(frozen=True)
class ScoreOutcome:
    """The outcome of `score` for a group of machines.

    Attributes:
        scored: rows with a score.
        flagged: rows above their threshold.
        warnings: rows with a remark.
        errors_by_reason: rows without a score.
        files: path → checksum of the score files written.
        judged_anew: scorer folder → threshold, false_alarm_rate and notes, where they are not those of its fit.
        lengths: of the recordings, beside what was heard of them.
        too_few_normals: machine → why none of its clips can be decided on.
    """

    scored: int
    flagged: int
    warnings: int
    errors_by_reason: dict[str, int]
    files: dict[str, str]
    judged_anew: dict[str, dict[str, Any]] = field(default_factory=dict)
    lengths: Lengths = Lengths()
    too_few_normals: dict[str, str] = field(default_factory=dict)
