"""Which settings a search tries next: all of a grid, a random sample, or Optuna's tree-structured Parzen estimator.

Proposals depend on the space, the seed and the objectives of earlier rounds, never on time, processes or the order of
results. So a search that was killed proposes the same settings again, finds them in the store, and goes on; it comes to
the same end here and on any cluster.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from asd_core.errors import UsageError
from asd_core.tuning.space.dimension import Dimension, Value
from asd_core.tuning.space.distinct_settings import MOST, DistinctSettings
from asd_core.tuning.space.setting import Setting, relevant_fields, setting_text
from asd_core.tuning.space.space import Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Method = Literal["grid", "random", "tpe"]
ROUND = 16
"""Settings that TPE proposes at once: more than one, which gives several workers work, and always as many, so that the
number of workers changes no proposal. The open ones of a round count as poor (constant liar)."""


class Proposals(Protocol):
    """The settings of one scope, round by round."""

    total: int
    """The largest number of settings."""

    def next_round(self, objectives: Sequence[float]) -> list[Setting]:
        """The settings to try next; none when the search is over.

        Args:
            objectives: of all settings proposed so far, in order; NaN where there is none.
        """
        ...


class Listed:
    """Settings known from the start, in one round."""

    def __init__(self, settings: Sequence[Setting]) -> None:
        self._settings = settings
        self.total = len(settings)

    def next_round(self, objectives: Sequence[float]) -> list[Setting]:
        """See `Proposals.next_round`."""
        return [] if len(objectives) else list(self._settings)


class Tpe:
    """Optuna's TPE (Bergstra et al. 2011) in rounds of settings, with all fields in one model.

    In a space of few values TPE repeats earlier settings. Such a round is shorter, and an empty one is drawn at random.

    Args:
        space: to search.
        count: number of settings at most; a finite space may hold fewer.
        seed: of everything random.
        name: of the scope, so that each scope draws settings of its own.
    """

    def __init__(self, space: Space, count: int, seed: int, name: str) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._distinct = DistinctSettings(space)
        self.total = count if self._distinct.count is None else min(count, self._distinct.count)
        self._dimensions = space.dimensions
        self._distributions = {one.name: _distribution(one) for one in space.dimensions}
        self._seed = hashlib.blake2b(json.dumps([seed, name]).encode(), digest_size=4).digest()
        self._study = optuna.create_study(direction="maximize")
        self._open: list[Any] = []
        self._proposed: set[str] = set()

    def next_round(self, objectives: Sequence[float]) -> list[Setting]:
        """See `Proposals.next_round`."""
        from optuna.samplers import TPESampler
        from optuna.trial import TrialState

        for trial, objective in zip(self._open, objectives[len(objectives) - len(self._open) :], strict=True):
            if math.isnan(objective):
                self._study.tell(trial, state=TrialState.FAIL)
            else:
                self._study.tell(trial, objective)
        self._open = []
        seeds = np.random.SeedSequence([int.from_bytes(self._seed, "little"), len(objectives)]).generate_state(2)
        self._study.sampler = TPESampler(
            seed=int(seeds[0]), n_startup_trials=ROUND, multivariate=True, constant_liar=True
        )
        wanted = min(ROUND, self.total - len(objectives))
        return self._ask(wanted) or self._at_random(wanted, np.random.default_rng(seeds[1]))

    def _ask(self, wanted: int) -> list[Setting]:
        """Up to ``wanted`` new settings from TPE; fewer where it repeats earlier ones."""
        from optuna.trial import TrialState

        settings: list[Setting] = []
        for _ in range(8 * wanted):
            if len(settings) == wanted:
                break
            trial = self._study.ask(self._distributions)
            drawn = {one.name: _value(one, trial.params[one.name]) for one in self._dimensions}
            setting = self._distinct.setting(drawn)
            if (text := setting_text(setting)) in self._proposed:
                self._study.tell(trial, state=TrialState.FAIL)
                continue
            self._proposed.add(text)
            self._open.append(trial)
            settings.append(setting)
        return settings

    def _at_random(self, wanted: int, rng: np.random.Generator) -> list[Setting]:
        """Up to ``wanted`` new settings at random, which TPE learns from as from its own."""
        settings = self._distinct.some(wanted, rng, self._proposed)
        for setting in settings:
            drawn = {one.name: _drawn(one, setting[one.name]) for one in self._dimensions if one.name in setting}
            self._study.enqueue_trial(drawn)
            self._open.append(self._study.ask(self._distributions))
            self._proposed.add(setting_text(setting))
        return settings


def proposals(space: Space, method: Method, count: int | None, seed: int, name: str) -> Proposals:
    """The proposals of a search for one scope.

    Args:
        space: to search.
        method: ``grid``, ``random`` or ``tpe``.
        count: number of settings; None for a grid.
        seed: of everything random.
        name: of the scope.

    Raises:
        UsageError: a grid of a continuous space, a grid with a count, or a search of unknown length.
    """
    if method == "grid":
        if count is not None:
            raise UsageError("--settings is for --search random and tpe: a grid has as many as its space")
        if space.size is None:
            raise UsageError(
                "the space is continuous and has no grid: give its ranges a step, or take --search random or tpe"
            )
        if space.size > MOST:
            raise UsageError(f"the grid has {space.size:,} settings, more than {MOST:,}: take --search random or tpe")
        return Listed(_distinct(space.grid()))
    if count is None:
        raise UsageError(f"--search {method} needs to know how many settings to try: add --settings N")
    if method == "tpe":
        return Tpe(space, count, seed, name)
    return Listed(DistinctSettings(space).some(count, np.random.default_rng(seed)))


def _distinct(settings: Iterable[Setting]) -> list[Setting]:
    """Settings that make different recipes, each once, in their order."""
    return list({setting_text(setting): setting for setting in map(relevant_fields, settings)}.values())


def _distribution(dimension: Dimension) -> BaseDistribution:
    """Optuna's distribution of a field; of listed values their indices, which say which values are neighbours."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    values = dimension.values
    if values is not None and not dimension.log:
        places = len(values)
        return IntDistribution(0, places - 1) if dimension.is_ordered else CategoricalDistribution(range(places))
    if dimension.is_integer:
        return IntDistribution(int(dimension.low), int(dimension.high), log=dimension.log)
    return FloatDistribution(dimension.low, dimension.high, log=dimension.log)


def _value(dimension: Dimension, drawn: Any) -> Value:
    if dimension.values is not None and not dimension.log:
        return dimension.values[int(drawn)]
    return int(drawn) if dimension.is_integer else float(drawn)


def _drawn(dimension: Dimension, value: Value) -> Any:
    """The inverse of `_value`: Optuna's draw for a value of a field."""
    return dimension.values.index(value) if dimension.values is not None and not dimension.log else value
