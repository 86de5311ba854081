"""The losses on top of a network while it is trained: one of all branches together, and a second one beside it.

A head is no part of the encoder: it is thrown away after training, or kept for its class probabilities.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from asd_core.errors import UsageError
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.training.losses import ArcFace, SubClusterAdaCos
from asd_core.training.mixing import check_second, feature_exchange


class Heads(nn.Module):
    """A main loss on the concatenation of the branches, and what ``extra_loss`` adds (Fujimura et al., eq. 2 and 5).

    The main loss has fixed centres unless the recipe trains them; those of the second loss are always trained. The
    concatenation is brought to unit length as a whole, each branch is not.
    """

    def __init__(self, config: TrainingConfig, branch_dims: Sequence[int], n_classes: int, seed: int) -> None:
        super().__init__()
        self.config = config
        self.branch_dims = tuple(branch_dims)
        self.n_classes = n_classes
        generator = torch.Generator().manual_seed(seed)
        dim = sum(self.branch_dims)
        self.main = _new_loss(config, dim, n_classes, generator, config.trainable_centres)
        extra = {
            "none": [],
            "featex": [(dim, (len(self.branch_dims) + 1) * n_classes)],
            "subspace": [(length, n_classes) for length in self.branch_dims],
        }[config.extra_loss]
        self.extra = nn.ModuleList(_new_loss(config, length, classes, generator, True) for length, classes in extra)

    def loss(self, embeddings: Tensor, targets: Tensor, generator: torch.Generator) -> Tensor:
        """The loss to train on, a scalar.

        Args:
            embeddings: (B, sum of branch_dims), not normalised.
            targets: (B, C), one-hot or soft labels.
            generator: on the CPU; draws what FeatEx exchanges.

        Raises:
            AsdError: mixed labels with ``arcface``.
        """
        return self.main_loss(embeddings, targets) + self.config.extra_weight * self._extra(
            embeddings, targets, generator
        )

    def main_loss(self, embeddings: Tensor, targets: Tensor) -> Tensor:
        """The main loss alone, which draws nothing: for validation."""
        loss: Tensor = self.main(embeddings, targets)
        return loss

    def log_probabilities(self, embeddings: Tensor) -> Tensor:
        """The logarithm of each class' probability by the main loss, (B, sum of branch_dims) → (B, C)."""
        return self.main.log_probabilities(embeddings)

    def _extra(self, embeddings: Tensor, targets: Tensor, generator: torch.Generator) -> Tensor | float:
        if self.config.extra_loss == "none":
            return 0.0
        if self.config.extra_loss == "featex":
            config = self.config
            exchanged, labels = feature_exchange(
                embeddings, self.branch_dims, targets, config.featex, generator, config.featex_exchanges
            )
            featex: Tensor = self.extra[0](exchanged, labels)
            return featex
        branches = torch.split(embeddings, list(self.branch_dims), dim=1)
        losses = [one(branch, targets) for one, branch in zip(self.extra, branches, strict=True)]
        return torch.stack(losses).sum()


def new_heads(config: TrainingConfig, branch_dims: Sequence[int], n_classes: int, seed: int) -> Heads:
    """The losses that a recipe asks for, with centres drawn under a seed.

    Args:
        config: of the recipe.
        branch_dims: the length of each branch of the network's output.
        n_classes: C; splicing doubles them.
        seed: of the centres.

    Raises:
        UsageError: settings that do not go together.
    """
    if config.loss == "arcface" and config.mixup > 0:
        raise UsageError('training.loss = "arcface" takes one class for each clip: set training.mixup = 0')
    if config.loss == "arcface" and config.extra_loss == "featex":
        raise UsageError('training.extra_loss = "featex" mixes labels, which "arcface" refuses: take loss = "scac"')
    if config.loss == "arcface" and config.splice > 0:
        raise UsageError('training.splice mixes labels, which "arcface" refuses: take loss = "scac" or splice = 0')
    if config.extra_loss == "featex" and len(branch_dims) < 2:
        raise UsageError('training.extra_loss = "featex" exchanges branches, and this network has one: take "none"')
    if config.extra_loss == "featex" and config.featex_exchanges == "second":
        check_second(len(branch_dims))
    return Heads(config, branch_dims, 2 * n_classes if config.splice else n_classes, seed)


def _new_loss(
    config: TrainingConfig, dim: int, n_classes: int, generator: torch.Generator, trainable: bool
) -> ArcFace | SubClusterAdaCos:
    if config.loss == "arcface":
        return ArcFace(dim, n_classes, generator, config.scale, config.margin)
    return SubClusterAdaCos(dim, n_classes, config.sub_clusters, generator, config.scale, trainable)
