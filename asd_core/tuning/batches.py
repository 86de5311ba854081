"""Batches: settings of one machine that share work, evaluated and committed by one worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.evaluation.objectives import FIGURES
from asd_core.pipeline.threads import one_thread
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import open_store
from asd_core.tuning.evaluating import SettingScore, evaluate_machine
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.results import commit_scores
from asd_core.tuning.space.setting import Setting

Evaluate = Callable[[MachineData, Recipe, Sequence[Setting]], Sequence[SettingScore]]
"""As `asd_core.tuning.evaluating.evaluate_machine`."""

_LARGEST_GROUP = 1_000  # settings that are kept together because they share work
_CHEAP = ("detector.k", "detector.density", "detector.density_k", "detector.score")


@dataclass(frozen=True)
class Batch:
    """Settings of one machine, to be evaluated by one worker.

    Attributes:
        number: of the batch, from 0.
        machine: its place among all machines.
        setting_ids: (n,), names of the settings.
        settings: (n,).
    """

    number: int
    machine: int
    setting_ids: tuple[str, ...]
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Outcome:
    """What a batch came to, after its rows were committed.

    Attributes:
        figures: (n, 4) float64 of FIGURES, NaN where there is none.
        errors: place in the batch → why it could not be evaluated.
        seconds: of evaluating.
        commit_seconds: of writing the rows.
    """

    figures: NDArray[np.float64]
    errors: Mapping[int, str]
    seconds: float
    commit_seconds: float


@dataclass(frozen=True)
class Work:
    """What a worker needs besides a batch.

    Attributes:
        store_url: where rows are committed.
        machines: all of the search.
        recipe: over which settings are laid: name and tables.
    """

    store_url: str
    machines: tuple[MachineData, ...]
    recipe: tuple[str, Mapping[str, Any]]


def work_on(work: Work, batch: Batch, evaluate: Evaluate = evaluate_machine) -> Outcome:
    """Evaluate a batch and commit its rows.

    Args:
        work: of the search.
        batch: one of its batches.
        evaluate: `asd_core.tuning.evaluating.evaluate_machine`, or what does as it does.
    """
    machine = work.machines[batch.machine]
    start = time.perf_counter()
    with one_thread():
        scores = evaluate(machine, Recipe(*work.recipe), batch.settings)
    evaluated = time.perf_counter()
    commit_scores(open_store(work.store_url), machine, batch.setting_ids, scores)
    figures = np.array([[getattr(score, name) for name in FIGURES] for score in scores], np.float64)
    errors = {place: score.error for place, score in enumerate(scores) if score.error is not None}
    return Outcome(figures, errors, evaluated - start, time.perf_counter() - evaluated)


def sharing_groups(settings: Sequence[Setting]) -> list[list[int]]:
    """Places of settings in groups that share most of their work: one search for neighbours, or one fit.

    Groups of one embedding follow each other.
    """
    order = sorted(range(len(settings)), key=lambda place: [*map(_sortable, _apart(settings[place]))])
    groups = [list(group) for _, group in groupby(order, key=lambda place: _apart(settings[place]))]
    return [group[i : i + _LARGEST_GROUP] for group in groups for i in range(0, len(group), _LARGEST_GROUP)]


def _apart(setting: Setting) -> list[tuple[str, Any]]:
    """The fields by which settings do not share work, those of the embedding first."""
    tables = ("encoder", "embedding", "detector", "threshold")
    fields = [(key, value) for key, value in setting.items() if key not in _CHEAP and not key.startswith("threshold.")]
    return sorted(fields, key=lambda pair: (tables.index(pair[0].partition(".")[0]), pair[0]))


def _sortable(pair: tuple[str, Any]) -> tuple[str, str, Any]:
    key, value = pair
    return (key, "", value) if isinstance(value, bool | int | float) else (key, "text", str(value))
