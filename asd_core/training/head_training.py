"""Training a head: a small network on embeddings that are stored already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from asd_core.detectors.whitening import fit_whitening
from asd_core.encoders.head.arrays import HeadArrays, standardised
from asd_core.encoders.head.network import HeadNetwork, HeadShape
from asd_core.errors import AsdError
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.checkpoints import Checkpoints
from asd_core.training.heads import new_heads
from asd_core.training.history import HistoryRow
from asd_core.training.loop import Asked, Report, train
from asd_core.training.plan import Positions, TrainingPlan
from asd_core.training.step import TrainedModel

_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class HeadExamples:
    """The material of a head.

    Attributes:
        embeddings: (N, D) of normal clips.
        indices: (N,) the class of each; -1 leaves one out.
        n_classes: C.
        are_powers: their logarithms are taken.

    Raises:
        AsdError: embeddings that are no matrix of finite numbers, or powers below 0.
    """

    embeddings: NDArray[np.float32]
    indices: Positions
    n_classes: int
    are_powers: bool = False

    def __post_init__(self) -> None:
        if not (finite := np.isfinite(self.embeddings).all(axis=1)).all():
            raise AsdError(f"{np.sum(~finite)} embeddings hold values that are not finite: leave these clips out")
        if self.are_powers and self.embeddings.min() < 0:
            raise AsdError(
                f'embedding.transform = "log-zscore" takes powers, but an embedding holds {self.embeddings.min()}: '
                'take "none"'
            )


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A head that was trained.

    Attributes:
        arrays: see `asd_core.encoders.head.arrays`.
        held_out: positions of the examples that it was not trained on.
        histories: the course of the training of each member.
    """

    arrays: HeadArrays
    held_out: Positions
    histories: Sequence[Sequence[HistoryRow]]


class StoredEmbeddings:
    """Gives batches of standardised embeddings that are in memory, (N, D); see `asd_core.training.loop.Source`."""

    def __init__(self, rows: NDArray[np.float32]) -> None:
        self._rows = rows
        self.lost: dict[str, str] = {}

    def __call__(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        """See `asd_core.training.loop.Source`."""
        for asked in batches:
            yield asked.positions, self._rows[asked.positions]


def train_head(
    examples: HeadExamples, config: TrainingConfig, store_url: str, folder: str, report: Report | None = None
) -> TrainedHead:
    """Train a head, each of its members one after the other, from the last checkpoint on where there is one.

    Args:
        examples: to learn from.
        config: of the recipe.
        store_url: of the store.
        folder: of this run's checkpoints in it.
        report: told the steps that are done, of all members together.

    Raises:
        UsageError: settings that do not go together, or with these embeddings.
        AsdError: too few clips, or a loss that is not finite.
    """
    plan = TrainingPlan(replace(config, keep=()), examples.indices)
    head = _NewHead(examples, plan)
    histories = []
    for number in range(config.head_members):
        own = head.plan_of(number)
        told = None if report is None else _of_all(report, number, config.head_members)
        checkpoints = Checkpoints(store_url, f"{folder}/{number}")
        source = StoredEmbeddings(head.rows)
        histories.append(train(head.models[number], own, source, checkpoints, report=told).history)
    return TrainedHead(head.arrays(), plan.held_out, histories)


def untrained_head(examples: HeadExamples, config: TrainingConfig) -> TrainedHead:
    """The head as it is before its first step: the twin that shows what training adds."""
    plan = TrainingPlan(replace(config, keep=()), examples.indices)
    return TrainedHead(_NewHead(examples, plan).arrays(), plan.held_out, [])


class _NewHead:
    """The networks of a head, and the way from embeddings to their first layer."""

    def __init__(self, examples: HeadExamples, plan: TrainingPlan) -> None:
        config = plan.config
        shape = HeadShape(config.head_hidden, config.head_output, config.head_branches)
        self._plan, self._columns = plan, shape.columns(examples.embeddings.shape[1])
        trained = examples.embeddings[plan.trained].astype(np.float64)
        if examples.are_powers:
            trained = np.log(trained + _TINY)
        deviation = trained.std(axis=0)
        self._input = {
            "logarithm": np.array([examples.are_powers], np.uint8),
            "mean": trained.mean(axis=0),
            "deviation": np.where(trained.min(axis=0) < trained.max(axis=0), deviation, 1.0),
        }
        rows = standardised(self._input, examples.embeddings)
        self.rows = rows.astype(np.float32)
        whitening = self._whitening(rows[plan.trained])
        self.models = [
            self._model(number, rows.shape[1], shape, whitening, examples.n_classes)
            for number in range(config.head_members)
        ]

    def plan_of(self, number: int) -> TrainingPlan:
        """The batches of a member: each has a seed of its own, and all hold out the same clips."""
        if number == 0:
            return self._plan
        indices = self._plan.indices.copy()
        indices[self._plan.held_out] = -1
        return TrainingPlan(replace(self._config_of(number), validation_share=0.0), indices)

    def arrays(self) -> HeadArrays:
        """The members side by side, in plain arrays."""
        folded = [model.network.eval().folded() for model in self.models]  # type: ignore[operator]
        centres = [_unit_rows(model.heads.main.centres) for model in self.models]
        return {
            **self._input,
            "columns": np.concatenate([self._columns] * len(folded)),
            "members": np.array([len(folded)]),
            **{name: np.concatenate([one[name] for one in folded]) for name in folded[0]},
            "centres": np.stack(centres),
            "scale": np.array([float(self.models[0].heads.main.scale)]),
            "classes": np.array([self.models[0].heads.n_classes]),
        }

    def _whitening(self, rows: NDArray[np.float64]) -> NDArray[np.float64] | None:
        kind = self._plan.config.head_whitening
        found = [fit_whitening(rows[:, columns], kind).matrix for columns in self._columns]
        sides = [np.eye(len(columns)) for columns in self._columns]
        if kind == "none":
            return None
        return np.stack([one if len(one) else side for one, side in zip(found, sides, strict=True)])

    def _config_of(self, number: int) -> TrainingConfig:
        config = self._plan.config
        return replace(config, seed=member_seed(config.seed, number))

    def _model(
        self, number: int, dim: int, shape: HeadShape, whitening: NDArray[np.float64] | None, n_classes: int
    ) -> TrainedModel:
        config = self._config_of(number)
        network = HeadNetwork(dim, shape, config.seed, whitening)
        return TrainedModel(network, new_heads(config, network.branch_dims, n_classes, config.seed), config)


def member_seed(seed: int, number: int) -> int:
    """The seed of a member; that of the first is the head's own."""
    return seed if number == 0 else int(np.random.SeedSequence([seed, number]).generate_state(1)[0])


def _unit_rows(centres: torch.Tensor) -> NDArray[np.float32]:
    rows = centres.detach().cpu().numpy().astype(np.float64)
    units: NDArray[np.float32] = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def _of_all(report: Report, number: int, members: int) -> Report:
    return lambda step, steps, row: report(number * steps + step, members * steps, row)
