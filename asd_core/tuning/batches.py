"""Batches: settings of one machine that share work, evaluated and committed by one worker."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.pipeline.threads import one_thread
from asd_core.recipe.recipe import Recipe
from asd_core.store.store import open_store
from asd_core.tuning.evaluate_settings import SettingScore, evaluate_machine
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.space.setting import Setting
from asd_core.tuning.stored_results import commit_scores

Evaluate = Callable[[MachineData, Recipe, Sequence[Setting]], Sequence[SettingScore]]
"""A function like `asd_core.tuning.evaluate_settings.evaluate_machine`."""

_LARGEST_GROUP = 1_000  # settings that are kept together because they share work
_CHEAP = ("detector.k", "detector.density", "detector.density_k", "detector.score")
_TABLES = ("encoder", "embedding", "detector", "score", "threshold")


@dataclass(frozen=True)
class Batch:
    """Settings of one machine for one worker.

    Attributes:
        number: of the batch, from 0.
        machine: index of the machine among all machines of the search.
        setting_ids: (n,) ids of the settings.
        settings: (n,).
    """

    number: int
    machine: int
    setting_ids: tuple[str, ...]
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class BatchOutcome:
    """Figures of a batch whose rows are committed.

    Attributes:
        figures: (n, 4) float64 of FIGURES, NaN where there is none.
        errors: index of a setting in the batch → the reason why it cannot be evaluated.
        seconds: of evaluating.
        commit_seconds: of writing the rows.
    """

    figures: NDArray[np.float64]
    errors: Mapping[int, str]
    seconds: float
    commit_seconds: float


@dataclass(frozen=True)
class BatchContext:
    """Everything that all batches of a search share.

    Attributes:
        store_url: the store that rows are committed to.
        machines: all machines of the search.
        recipe: settings are laid over it.
    """

    store_url: str
    machines: tuple[MachineData, ...]
    recipe: Recipe


def evaluate_batch(context: BatchContext, batch: Batch, evaluate: Evaluate = evaluate_machine) -> BatchOutcome:
    """Evaluate a batch and commit its rows.

    Args:
        context: of the search.
        batch: one of its batches.
        evaluate: `evaluate_machine`, or a function that takes and returns the same.
    """
    machine = context.machines[batch.machine]
    start = time.perf_counter()
    with one_thread():
        scores = evaluate(machine, context.recipe, batch.settings)
    evaluated = time.perf_counter()
    commit_scores(open_store(context.store_url), machine, batch.setting_ids, scores)
    errors = {place: score.error for place, score in enumerate(scores) if score.error is not None}
    figures = np.array([score.figures for score in scores], np.float64)
    return BatchOutcome(figures, errors, evaluated - start, time.perf_counter() - evaluated)


def sharing_groups(settings: Sequence[Setting]) -> list[list[int]]:
    """Indices of settings in groups that share most of their work: one search for neighbours, or one fit.

    Groups of one embedding follow each other.
    """
    order = sorted(range(len(settings)), key=lambda place: [*map(_sortable, _costly_fields(settings[place]))])
    groups = [list(group) for _, group in groupby(order, key=lambda place: _costly_fields(settings[place]))]
    return [group[i : i + _LARGEST_GROUP] for group in groups for i in range(0, len(group), _LARGEST_GROUP)]


def _costly_fields(setting: Setting) -> list[tuple[str, Any]]:
    """The fields by which settings do not share work, those of the embedding first."""
    fields = [(key, value) for key, value in setting.items() if key not in _CHEAP and not key.startswith("threshold.")]
    return sorted(fields, key=lambda pair: (_TABLES.index(pair[0].partition(".")[0]), pair[0]))


def _sortable(pair: tuple[str, Any]) -> tuple[str, str, Any]:
    key, value = pair
    return (key, "", value) if isinstance(value, bool | int | float) else (key, "text", str(value))
