"""The workers of a training, as one of them sees them."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from torch import Tensor
from torch.nn import Module


class World(Protocol):
    """This worker among all that train one network."""

    rank: int
    """Number of this worker, from 0."""

    size: int
    """How many there are."""

    def joined(self, model: Module) -> Module:
        """The model whose gradients are the mean of all workers' after ``backward``."""

    def apart(self, model: Module) -> AbstractContextManager[None]:
        """A block in which gradients of a joined model are added up here and not averaged yet."""

    def total(self, values: Tensor) -> Tensor:
        """The sum of a tensor over all workers."""

    def all_of(self, words: dict[str, str]) -> dict[str, str]:
        """The words of all workers."""


class Alone:
    """One worker."""

    rank = 0
    size = 1

    def joined(self, model: Module) -> Module:
        """See `World.joined`."""
        return model

    def apart(self, model: Module) -> AbstractContextManager[None]:
        """See `World.apart`."""
        return nullcontext()

    def total(self, values: Tensor) -> Tensor:
        """See `World.total`."""
        return values

    def all_of(self, words: dict[str, str]) -> dict[str, str]:
        """See `World.all_of`."""
        return words
