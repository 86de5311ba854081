"""One step of the optimiser, and the loss of one batch.

Everything random in a batch is drawn from its own seed, so that a run that goes on after a break draws the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.heads import Heads
from asd_core.training.mixing import mixup
from asd_core.training.splicing import splice
from asd_core.training.world import World


class LearningModel(nn.Module):
    """A network together with its loss, as the training loop takes it.

    Attributes:
        network: the weights that are kept.
    """

    network: nn.Module

    def forward(self, inputs: Tensor, classes: Tensor, seed: int) -> Tensor:
        """The loss of a batch (B, ...) with classes (B,), everything random drawn from the seed."""
        raise NotImplementedError

    def judged(self, inputs: Tensor, classes: Tensor) -> tuple[float, int]:
        """Mean loss of held-out examples, and the number whose class is the likeliest."""
        raise NotImplementedError


class TrainedModel(LearningModel):
    """A network and the losses on top of it: inputs and classes → the loss to train on.

    Args:
        network: (B, ...) → (B, sum(branch_dims)); see `asd_core.encoders.protocol.TrainableEncoder`.
        heads: its losses.
        config: of the recipe.
    """

    def __init__(self, network: nn.Module, heads: Heads, config: TrainingConfig) -> None:
        super().__init__()
        self.network, self.heads = network, heads
        self._config = config

    def forward(self, inputs: Tensor, classes: Tensor, seed: int) -> Tensor:
        """The loss of a batch.

        Args:
            inputs: (B, ...) float32.
            classes: (B,) int64.
            seed: of everything that is drawn for this batch.
        """
        torch.manual_seed(seed)  # of dropout and masks
        generator = torch.Generator().manual_seed(seed)
        targets = one_hot(classes, self.heads.n_classes).to(torch.float32)
        inputs, targets = mixup(inputs, targets, self._config.mixup, generator)
        inputs, targets = splice(inputs, targets, self._config.splice, generator)
        loss: Tensor = self.heads.loss(self.embedded(inputs), targets, generator)
        return loss

    def judged(self, inputs: Tensor, classes: Tensor) -> tuple[float, int]:
        """See `LearningModel.judged`; the loss is the main one alone."""
        embeddings = self.embedded(inputs)
        targets = one_hot(classes, self.heads.n_classes).float()
        likeliest = self.heads.log_probabilities(embeddings).argmax(1)
        return float(self.heads.main_loss(embeddings, targets)), int((likeliest == classes).sum())

    def embedded(self, inputs: Tensor) -> Tensor:
        """The network's output, float32, computed in the precision of the recipe."""
        with torch.autocast(inputs.device.type, torch.bfloat16, enabled=self._config.precision == "bf16"):
            embeddings: Tensor = self.network(inputs)
        return embeddings.float()


def batch_seed(seed: int, batch: int, rank: int) -> int:
    """The seed of one worker's part of a batch."""
    return int(np.random.SeedSequence([seed, batch, rank]).generate_state(1)[0])


def new_optimiser(model: nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW over all that can be trained."""
    trained = [value for value in model.parameters() if value.requires_grad]
    return torch.optim.AdamW(trained, lr=config.learning_rate, weight_decay=config.weight_decay)


def train_step(
    joined: nn.Module,
    optimiser: torch.optim.Optimizer,
    batches: Sequence[tuple[Tensor, Tensor, int]],
    learning_rate: float,
    config: TrainingConfig,
    world: World,
) -> Tensor:
    """Add up the gradients of some batches, average them over all workers, and move the weights once.

    Args:
        joined: a `TrainedModel`, as `World.joined` gives it.
        optimiser: of its parameters.
        batches: inputs, classes and the seed of each.
        learning_rate: of this step.
        config: of the recipe.
        world: the workers.

    Returns:
        The mean loss of these batches of this worker, a scalar without gradient.
    """
    for group in optimiser.param_groups:
        group["lr"] = learning_rate
    optimiser.zero_grad(set_to_none=True)
    losses = []
    for number, (inputs, classes, seed) in enumerate(batches, 1):
        if number < len(batches):
            with world.apart(joined):
                losses.append(_backward(joined, inputs, classes, seed, len(batches)))
        else:
            losses.append(_backward(joined, inputs, classes, seed, len(batches)))
    if config.clip_gradient:
        nn.utils.clip_grad_norm_(joined.parameters(), config.clip_gradient)
    optimiser.step()
    return torch.stack(losses).mean()


def _backward(joined: nn.Module, inputs: Tensor, classes: Tensor, seed: int, parts: int) -> Tensor:
    loss: Tensor = joined(inputs, classes, seed)
    (loss / parts).backward()  # type: ignore[no-untyped-call]
    return loss.detach()
