"""The order of a training: which examples are held out, and which make each batch.

Everything follows from the seed, so that any worker, and a run that goes on after a break, knows every batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from asd_core.errors import UsageError
from asd_core.recipe.training_settings import TrainingConfig

Positions = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """The batches of a training.

    Attributes:
        config: of the recipe.
        indices: (N,) the class of each example; -1 leaves one out.
        workers: that share each batch.

    Raises:
        UsageError: a batch that workers cannot share, or epochs to keep that are not reached.
    """

    config: TrainingConfig
    indices: Positions
    workers: int = 1

    def __post_init__(self) -> None:
        if self.config.batch_size % self.workers:
            raise UsageError(
                f"training.batch_size = {self.config.batch_size} cannot be shared by {self.workers} workers: "
                "take a multiple of --workers"
            )
        if len(self.trained) < 2 * self.workers:
            raise UsageError(f"{len(self.trained)} clips are too few to train on with {self.workers} workers")
        if unreached := [epoch for epoch in self.config.keep if epoch > self.epochs]:
            raise UsageError(
                f"training.keep names epoch {unreached[0]}, and training.steps = {self.config.steps} ends in epoch "
                f"{self.epochs}: keep earlier ones, or [] for the last"
            )

    @cached_property
    def held_out(self) -> Positions:
        """Examples that are never trained on: the same share of each class, which keeps one at least."""
        draw = np.random.default_rng([self.config.seed, 1])
        found = [np.empty(0, np.int64)]
        for number in range(int(self.indices.max(initial=-1)) + 1):
            own = np.flatnonzero(self.indices == number)
            count = min(int(self.config.validation_share * len(own)), len(own) - 1)
            found.append(draw.permutation(own)[:count])
        return np.sort(np.concatenate(found))

    @cached_property
    def trained(self) -> Positions:
        """Examples that are trained on, in their order."""
        return np.setdiff1d(np.flatnonzero(self.indices >= 0), self.held_out)

    @cached_property
    def batch_size(self) -> int:
        """Examples of a batch of all workers: as asked for, or all that there are."""
        return min(self.config.batch_size, len(self.trained) // self.workers * self.workers)

    @cached_property
    def batches_per_epoch(self) -> int:
        """Whole batches of an epoch; what is left over is another rest in every epoch."""
        return len(self.trained) // self.batch_size

    @cached_property
    def batches(self) -> int:
        """Batches of the whole training."""
        if self.config.steps:
            return self.config.steps * self.config.accumulation
        return self.config.epochs * self.batches_per_epoch

    @cached_property
    def steps(self) -> int:
        """Steps of the optimiser."""
        return -(-self.batches // self.config.accumulation)

    @cached_property
    def epochs(self) -> int:
        """Epochs, the last of which may be cut short."""
        return -(-self.batches // self.batches_per_epoch)

    @property
    def kept(self) -> tuple[int, ...]:
        """The epochs whose weights make the encoder."""
        return self.config.keep or (self.epochs,)

    def batches_of_step(self, step: int) -> range:
        """Numbers of the batches whose gradients are added up in a step."""
        start = step * self.config.accumulation
        return range(start, min(start + self.config.accumulation, self.batches))

    def epochs_done(self, step: int) -> int:
        """Epochs that are complete before a step."""
        done = min(step * self.config.accumulation, self.batches)
        return self.epochs if done == self.batches else done // self.batches_per_epoch

    def epoch_of(self, batch: int) -> int:
        """The epoch that a batch is of, from 1."""
        return batch // self.batches_per_epoch + 1

    def positions(self, batch: int, rank: int = 0) -> Positions:
        """The examples of a batch that one worker takes."""
        epoch, place = divmod(batch, self.batches_per_epoch)
        share = self.batch_size // self.workers
        start = place * self.batch_size + rank * share
        return self._order(epoch)[start : start + share]

    @cached_property
    def _orders(self) -> dict[int, Positions]:
        return {}

    def _order(self, epoch: int) -> Positions:
        if epoch not in self._orders:
            if len(self._orders) > 1:
                self._orders.clear()
            self._orders[epoch] = np.random.default_rng([self.config.seed, 0, epoch]).permutation(self.trained)
        return self._orders[epoch]
