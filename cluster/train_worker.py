"""One worker of a training on Ray Train, and the board on which it tells the driver how far it is."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, cast

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import Module
from torch.nn.parallel import DistributedDataParallel

from asd_core.errors import AsdError
from asd_core.training.history import HistoryRow
from asd_core.training.job import run_job
from cluster.train_data import RayDataWaveforms


class Board:
    """Keeps what workers tell until the driver has read it; an actor."""

    def __init__(self) -> None:
        self._told: list[tuple[int, int, HistoryRow]] = []
        self._outcome: dict[str, Any] | None = None
        self._failure: tuple[str, int] | None = None

    def tell(self, step: int, steps: int, row: HistoryRow) -> None:
        """Add a step that is done."""
        self._told.append((step, steps, row))

    def take(self) -> list[tuple[int, int, HistoryRow]]:
        """Every step that was told since the last call."""
        told, self._told = self._told, []
        return told

    def finish(self, outcome: dict[str, Any]) -> None:
        """Keep the fields of how far the training is at its end."""
        self._outcome = outcome

    def fail(self, message: str, exit_code: int) -> None:
        """Keep the first failure that a new start would not mend."""
        self._failure = self._failure or (message, exit_code)

    def failure(self) -> tuple[str, int] | None:
        """The failure's line and exit code, where there is one."""
        return self._failure

    def outcome(self) -> dict[str, Any] | None:
        """The fields that were kept at the end."""
        return self._outcome


class Joined:
    """The workers of a process group of torch; see `asd_core.training.world.World`."""

    def __init__(self, device: str) -> None:
        self.rank, self.size = dist.get_rank(), dist.get_world_size()
        self._device = device

    def joined(self, model: Module) -> Module:
        """See `World.joined`."""
        # Pretrained networks have weights that take part in no loss.
        return DistributedDataParallel(model, find_unused_parameters=True)

    def apart(self, model: Module) -> AbstractContextManager[None]:
        """See `World.apart`."""
        return cast(DistributedDataParallel, model).no_sync()

    def total(self, values: Tensor) -> Tensor:
        """See `World.total`."""
        added = values.to(self._device, copy=True)
        dist.all_reduce(added)
        return added.to(values.device)

    def all_of(self, words: dict[str, str]) -> dict[str, str]:
        """See `World.all_of`."""
        found: list[Any] = [None] * self.size
        dist.all_gather_object(found, words)
        return {key: value for one in found for key, value in one.items()}


def train_worker(given: dict[str, Any]) -> None:
    """Train as one of the workers, from the last checkpoint on; the loop of Ray Train.

    Args:
        given: ``job``, ``cpus`` of a decoding task, and the ``board``.

    Raises:
        AsdError: after it was told on the board, so that the other workers are ended; they then start again and see it.
    """
    import ray

    job, board = given["job"], given["board"]
    if ray.get(board.failure.remote()) is not None:
        return
    if job.device == "cuda":
        torch.cuda.set_device(0)

    def report(step: int, steps: int, row: HistoryRow) -> None:
        board.tell.remote(step, steps, row)

    try:
        world = Joined(job.device)
        done = run_job(job, lambda job, sample_rate: RayDataWaveforms(job, sample_rate, given["cpus"]), world, report)
    except AsdError as error:
        ray.get(board.fail.remote(str(error), error.exit_code))
        raise
    if world.rank == 0:
        ray.get(board.finish.remote(vars(done)))
