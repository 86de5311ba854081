"""The network of a head while it is trained, and its way into plain arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from asd_core.errors import UsageError


@dataclass(frozen=True)
class HeadShape:
    """The size of a head.

    Attributes:
        hidden: H of each hidden layer of a branch.
        output: E, numbers that a branch gives.
        branches: G, each of which takes every G-th number of an embedding, so that the numbers of a (60 x 8) embedding
            that stand in one of its 8 columns are one branch.
    """

    hidden: tuple[int, ...] = (256, 256)
    output: int = 128
    branches: int = 1

    def columns(self, embedding_dim: int) -> NDArray[np.int64]:
        """The numbers of an embedding that each branch takes, (G, D / G).

        Raises:
            UsageError: they cannot be shared out equally.
        """
        if embedding_dim % self.branches:
            raise UsageError(
                f"training.head_branches = {self.branches} does not divide embeddings of {embedding_dim} numbers"
            )
        return np.arange(embedding_dim).reshape(-1, self.branches).T.copy()


class GroupedLinear(nn.Module):
    """G linear layers side by side, (G, B, I) → (G, B, O), drawn as `torch.nn.Linear` draws its own."""

    def __init__(self, groups: int, inputs: int, outputs: int, generator: torch.Generator) -> None:
        super().__init__()
        bound = inputs**-0.5
        self.weight = nn.Parameter(torch.empty(groups, inputs, outputs).uniform_(-bound, bound, generator=generator))
        self.bias = nn.Parameter(torch.empty(groups, 1, outputs).uniform_(-bound, bound, generator=generator))

    def forward(self, values: Tensor) -> Tensor:
        """(G, B, I) → (G, B, O)."""
        return torch.baddbmm(self.bias, values, self.weight)


class GroupedNorm(nn.Module):
    """Batch normalisation of every number of every group, (G, B, H) → (G, B, H)."""

    def __init__(self, groups: int, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(groups * width)

    def forward(self, values: Tensor) -> Tensor:
        """(G, B, H) → (G, B, H)."""
        groups, rows, width = values.shape
        flat = self.norm(values.transpose(0, 1).reshape(rows, groups * width))
        return cast(Tensor, flat).view(rows, groups, width).transpose(0, 1)


class HeadNetwork(nn.Module):
    """Branches of linear layers with batch normalisation and ReLU between them.

    Attributes:
        sample_rate: 0: embeddings go in, no waveforms.
        branch_dims: the length of each branch of the output.
        columns: (G, d), see `HeadShape.columns`.
        whitening: (G, d, d) that a branch's numbers are multiplied with first, or None.
    """

    columns: Tensor
    whitening: Tensor | None

    def __init__(
        self, embedding_dim: int, shape: HeadShape, seed: int, whitening: NDArray[np.float64] | None = None
    ) -> None:
        """Draw the weights.

        Args:
            embedding_dim: D.
            shape: of the network.
            seed: of the weights.
            whitening: (G, d, d) or None.
        """
        super().__init__()
        columns = shape.columns(embedding_dim)
        self.sample_rate = 0
        self.branch_dims = (shape.output,) * shape.branches
        self.register_buffer("columns", torch.from_numpy(columns))
        matrix = None if whitening is None else torch.from_numpy(whitening.astype(np.float32))
        self.register_buffer("whitening", matrix)
        generator, width = torch.Generator().manual_seed(seed), columns.shape[1]
        layers: list[nn.Module] = []
        for hidden in shape.hidden:
            layers += [GroupedLinear(shape.branches, width, hidden, generator), GroupedNorm(shape.branches, hidden)]
            layers.append(nn.ReLU())
            width = hidden
        self.layers = nn.Sequential(*layers, GroupedLinear(shape.branches, width, shape.output, generator))

    def forward(self, embeddings: Tensor) -> Tensor:
        """Standardised embeddings (B, D) → (B, E · G), un-normalised, branches side by side."""
        values = embeddings[:, self.columns].transpose(0, 1)
        if self.whitening is not None:
            values = values @ self.whitening
        out = self.layers(values)
        return cast(Tensor, out).transpose(0, 1).flatten(1)

    def folded(self) -> dict[str, NDArray[np.float32]]:
        """Weights and biases of `asd_core.encoders.head.arrays`, whitening and normalisation worked into them."""
        linear = [layer for layer in self.layers if isinstance(layer, GroupedLinear)]
        norms = [layer.norm for layer in self.layers if isinstance(layer, GroupedNorm)]
        arrays: dict[str, NDArray[np.float32]] = {}
        for number, layer in enumerate(linear):
            weight, bias = _double(layer.weight), _double(layer.bias)
            if number == 0 and self.whitening is not None:
                weight = _double(self.whitening) @ weight
            if number < len(norms):
                scale, shift = _scale_and_shift(norms[number], bias.shape)
                weight, bias = weight * scale, bias * scale + shift
            arrays[f"weight.{number}"], arrays[f"bias.{number}"] = weight.astype(np.float32), bias.astype(np.float32)
        return arrays


def _scale_and_shift(norm: nn.BatchNorm1d, shape: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The affine map, each (G, 1, H), that batch normalisation is once it is trained."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None and variance is not None
    scale = _double(norm.weight) / np.sqrt(_double(variance) + norm.eps)
    return scale.reshape(shape), (_double(norm.bias) - _double(mean) * scale).reshape(shape)


def _double(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy().astype(np.float64)
