"""The parts of a network that a recipe's ``[training]`` asks for: what is trained, and what is masked."""

from __future__ import annotations

from torch.nn import Module

from asd_core.errors import UsageError
from asd_core.recipe.training_settings import TrainingConfig


def prepare(network: Module, config: TrainingConfig) -> None:
    """Freeze what is not trained.

    A network says by a method ``train_only(part)`` that it can be trained in part.

    Raises:
        UsageError: the network has no such part.
    """
    if config.trains != "all":
        if not hasattr(network, "train_only"):
            raise UsageError(
                f'training.trains = "{config.trains}": this network can only be trained as a whole: take "all"'
            )
        network.train_only(config.trains)  # type: ignore[operator]
