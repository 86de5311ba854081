"""The training loop: steps, validation, checkpoints, and going on after a break."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asd_core.errors import AsdError
from asd_core.training.batch_statistics import MOST_BATCHES, exact_statistics, has_statistics
from asd_core.training.checkpoints import Checkpoints, Progressed
from asd_core.training.history import HistoryRow, row_every
from asd_core.training.plan import Positions, TrainingPlan
from asd_core.training.schedule import learning_rate
from asd_core.training.step import LearningModel, batch_seed, new_optimiser, train_step
from asd_core.training.world import Alone, World

SAVE_SECONDS = 300.0
"""A longer epoch has checkpoints in between."""

_LOOKED_AT = 10  # steps after which a loss on a GPU is looked at, which waits for the device


@dataclass(frozen=True, eq=False)
class Asked:
    """One batch that is asked for: the epoch, from 1, and the examples, by position."""

    epoch: int
    positions: Positions


class Source(Protocol):
    """Gives the inputs of batches."""

    lost: dict[str, str]
    """Clip id → why an example that could be read before the training cannot be read now."""

    def __call__(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        """The positions that could be had and their inputs (B, ...), batch by batch in the order asked for."""


Report = Callable[[int, int, HistoryRow], None]
"""Told the steps that are done, of how many, and the last row of the course."""


def train(
    model: LearningModel,
    plan: TrainingPlan,
    source: Source,
    checkpoints: Checkpoints,
    *,
    world: World | None = None,
    device: str = "cpu",
    report: Report | None = None,
    save_seconds: float = SAVE_SECONDS,
    save_epochs: bool = True,
) -> Progressed:
    """Train a model, from the last checkpoint on where there is one.

    On one CPU with the same number of threads, the weights at the end are equal to the bit however often it broke.

    Args:
        model: on the CPU; it is moved to the device.
        plan: which examples make each batch.
        source: of their inputs.
        checkpoints: of this run.
        world: the workers; None for one.
        device: ``cpu`` or ``cuda``.
        report: told after each step by worker 0.
        save_seconds: longest time between two checkpoints.
        save_epochs: each epoch ends with a checkpoint; False where they are large, and epochs short.

    Returns:
        How far it is at the end: all steps.

    Raises:
        AsdError: a loss that is not finite, after the last good checkpoint was kept.
    """
    return _Loop(model, plan, source, checkpoints, world or Alone(), device, report, save_seconds, save_epochs).run()


class _Loop:
    def __init__(
        self,
        model: LearningModel,
        plan: TrainingPlan,
        source: Source,
        checkpoints: Checkpoints,
        world: World,
        device: str,
        report: Report | None,
        save_seconds: float,
        save_epochs: bool,
    ) -> None:
        self._model, self._plan, self._source, self._checkpoints = model.to(device), plan, source, checkpoints
        self._world, self._device, self._report, self._save_seconds = world, device, report, save_seconds
        self._save_epochs = save_epochs
        self._optimiser = new_optimiser(model, plan.config)
        self._done = checkpoints.load(model, self._optimiser)
        self._recent: list[Tensor] = []  # losses that were not looked at yet
        self._saved_at = time.monotonic()

    def run(self) -> Progressed:
        """Take every step that is left."""
        plan, done = self._plan, self._done
        if done.step == plan.steps:
            return done
        joined = self._world.joined(self._model)
        batches = self._batches(done.step)
        with torch.random.fork_rng(devices=[] if self._device == "cpu" else None):
            for step in range(done.step, plan.steps):
                self._model.train()
                rate = learning_rate(plan.config, step, plan.steps)
                own = [next(batches) for _ in plan.batches_of_step(step)]
                loss = train_step(joined, self._optimiser, own, rate, plan.config, self._world)
                self._recent.append(loss)
                done.step = step + 1
                self._after_step(rate)
        done.lost |= self._world.all_of(self._source.lost)
        return done

    def _after_step(self, rate: float) -> None:
        plan, done = self._plan, self._done
        ended = plan.epochs_done(done.step)
        is_epoch_end = ended > plan.epochs_done(done.step - 1)
        if is_epoch_end and plan.config.batch_statistics == "exact":
            self._make_statistics_exact(ended)
        is_row = done.step % row_every(plan.steps) == 0 or is_epoch_end
        if is_row or self._device == "cpu" or done.step % _LOOKED_AT == 0:
            self._look_at_losses()
        if is_row:
            validation = self._validated() if is_epoch_end else (None, None)
            epoch = plan.epoch_of(plan.batches_of_step(done.step - 1)[-1])
            total, count = done.loss
            done.loss = (0.0, 0)
            done.history.append(
                {
                    "step": done.step,
                    "epoch": epoch,
                    "loss": total / count,
                    "learning_rate": rate,
                    "validation_loss": validation[0],
                    "validation_accuracy": validation[1],
                }
            )
        if self._world.rank == 0:
            self._save(ended if is_epoch_end else 0)
            if self._report is not None and done.history:
                self._report(done.step, plan.steps, done.history[-1])

    def _look_at_losses(self) -> None:
        """Add up the losses of all workers since the last look."""
        values = self._world.total(torch.stack(self._recent)) / self._world.size
        losses = values.tolist()
        self._recent = []
        for number, loss in enumerate(losses, self._done.step - len(losses) + 1):
            if not math.isfinite(loss):
                raise AsdError(
                    f"the loss of step {number} is {loss}: the training stops, and its last checkpoint before that "
                    "stays; take a lower learning_rate, or clip_gradient = 1.0"
                )
        total, count = self._done.loss
        self._done.loss = (total + sum(losses), count + len(losses))

    def _save(self, ended: int) -> None:
        """Keep what an epoch that ended, or a long time without a checkpoint, asks for."""
        done, is_late = self._done, time.monotonic() - self._saved_at > self._save_seconds
        new = [epoch for epoch in self._plan.kept if epoch <= ended and epoch not in done.kept]
        is_wanted = bool(new) or (self._save_epochs and ended > 0)
        if not is_wanted and (self._recent or not is_late):  # a loss that was not looked at yet may not be finite
            return
        for epoch in new:
            done.kept[epoch] = self._checkpoints.keep(self._model.network, epoch)
        self._checkpoints.save(self._model, self._optimiser, done)
        self._saved_at = time.monotonic()

    def _batches(self, step: int) -> Iterator[tuple[Tensor, Tensor, int]]:
        """Inputs, classes and seed of every batch from a step on."""
        plan, rank = self._plan, self._world.rank
        numbers = range(step * plan.config.accumulation, plan.batches)
        asked = [Asked(plan.epoch_of(number), plan.positions(number, rank)) for number in numbers]
        for number, (inputs, classes) in zip(numbers, self._read(asked), strict=True):
            yield inputs, classes, batch_seed(plan.config.seed, number, rank)

    def _read(self, asked: Sequence[Asked]) -> Iterator[tuple[Tensor, Tensor]]:
        for positions, inputs in self._source(asked):
            if not len(positions):
                raise AsdError("no clip of a batch can be read any more: see whether the archive is still there")
            classes = torch.from_numpy(self._plan.indices[positions])
            yield self._moved(torch.from_numpy(inputs)), self._moved(classes)

    def _moved(self, values: Tensor) -> Tensor:
        """The values on the device; to a GPU they are copied while it still works on the batch before."""
        if self._device == "cpu":
            return values
        return values.pin_memory().to(self._device, non_blocking=True)

    def _make_statistics_exact(self, ended: int) -> None:
        """Do so where the network is about to be kept or judged."""
        plan = self._plan
        if not has_statistics(self._model.network) or not (ended in plan.kept or len(plan.held_out)):
            return
        numbers = range(min(MOST_BATCHES, plan.batches_per_epoch))
        asked = [Asked(0, plan.positions(number, self._world.rank)) for number in numbers]
        exact_statistics(self._model.network, (inputs for inputs, _ in self._read(asked)), self._world)

    @torch.no_grad()
    def _validated(self) -> tuple[float | None, float | None]:
        """Loss and accuracy on the held-out examples; None without any."""
        held = self._plan.held_out
        if not len(held):
            return None, None
        own = held[self._world.rank :: self._world.size]
        size = max(1, self._plan.batch_size // self._world.size)
        asked = [Asked(0, own[start : start + size]) for start in range(0, len(own), size)]
        model, sums = self._model.eval(), torch.zeros(3, dtype=torch.float64)
        for inputs, classes in self._read(asked):
            loss, right = model.judged(inputs, classes)
            sums += torch.tensor([loss * len(classes), right, len(classes)], dtype=torch.float64)
        loss_sum, found, count = self._world.total(sums).tolist()
        return loss_sum / count, found / count
