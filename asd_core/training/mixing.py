"""Mixing of a batch with itself: mixup of what goes into a network, FeatEx of what comes out of its branches.

Draws are made on the CPU and moved, so that a seed gives the same mix on any device.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from asd_core.errors import UsageError

Exchanged = Literal["all", "second"]


def mixup(inputs: Tensor, targets: Tensor, probability: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Mix samples with others of their batch: λ x_i + (1 − λ) x_j, and labels likewise (Zhang et al. 2018).

    Each sample is mixed with this probability, with a λ of its own from U(0, 1), not the usual Beta; its partner comes
    from one random permutation of the batch, which may be itself.

    Args:
        inputs: (B, ...), waveforms or embeddings.
        targets: (B, C), one-hot or soft labels.
        probability: of each sample.
        generator: on the CPU.

    Returns:
        Both mixed, of the same shapes.
    """
    if probability == 0:
        return inputs, targets
    shares, partners = drawn_mix(len(inputs), probability, generator)
    partners, shares = partners.to(inputs.device), shares.to(inputs.device)
    return _mixed(inputs, partners, shares), _mixed(targets, partners, shares)


def drawn_mix(n: int, probability: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The share λ (N,) that each sample keeps, 1 where it is not mixed, and its partner (N,)."""
    is_mixed = torch.rand(n, generator=generator) < probability
    shares = torch.where(is_mixed, torch.rand(n, generator=generator), 1.0)
    return shares, torch.randperm(n, generator=generator)


def _mixed(values: Tensor, partners: Tensor, shares: Tensor) -> Tensor:
    own = shares.view(-1, *[1] * (values.ndim - 1)).to(values.dtype)
    return own * values + (1 - own) * values[partners]


def feature_exchange(
    embeddings: Tensor,
    branch_dims: Sequence[int],
    targets: Tensor,
    probability: float,
    generator: torch.Generator,
    exchanged: Exchanged = "all",
) -> tuple[Tensor, Tensor]:
    """Put branches of different samples together, with labels that say so (FeatEx, Wilkinghoff 2024).

    A sample that is not exchanged has the label [l, 0, ..., 0]; one whose M branches come from samples p1 ... pM has
    [0, l_p1 / M, ..., l_pM / M], over (M + 1) C classes.

    Args:
        embeddings: (B, D), branches side by side, not normalised.
        branch_dims: the length of each of the M branches.
        targets: (B, C), one-hot or soft labels.
        probability: of each sample.
        generator: on the CPU.
        exchanged: ``all``: each branch has its own permutation of the batch, as Fujimura et al. have it in their code;
            ``second``: the first of two branches stays, and a sample that meets itself counts as not exchanged, as
            they write it (eq. 3 and 4).

    Returns:
        Embeddings (B, D) and labels (B, (M + 1) C).

    Raises:
        UsageError: ``second`` with other than two branches.
    """
    n, own = len(embeddings), torch.arange(len(embeddings))
    is_exchanged = torch.rand(n, generator=generator) < probability
    if exchanged == "second":
        check_second(len(branch_dims))
        partners = [own, torch.randperm(n, generator=generator)]
        is_exchanged &= partners[1] != own
    else:
        partners = [torch.randperm(n, generator=generator) for _ in branch_dims]
    origins = [torch.where(is_exchanged, one, own) for one in partners]
    return exchange(embeddings, branch_dims, targets, origins, is_exchanged)


def exchange(
    embeddings: Tensor, branch_dims: Sequence[int], targets: Tensor, origins: Sequence[Tensor], is_exchanged: Tensor
) -> tuple[Tensor, Tensor]:
    """`feature_exchange` of samples that are drawn already.

    Args:
        embeddings: (B, D).
        branch_dims: the length of each of the M branches.
        targets: (B, C).
        origins: M times (B,): the sample that each branch comes from.
        is_exchanged: (B,) bool.
    """
    device = embeddings.device
    taken = [rows.to(device) for rows in origins]
    branches = torch.split(embeddings, list(branch_dims), dim=1)
    mixed = torch.cat([branch[rows] for branch, rows in zip(branches, taken, strict=True)], dim=1)
    weight = is_exchanged.to(device)[:, None].to(targets.dtype)
    parts = [targets[rows] * weight / len(taken) for rows in taken]
    return mixed, torch.cat([targets * (1 - weight), *parts], dim=1)


def check_second(branches: int) -> None:
    """Raise UsageError unless there are two branches."""
    if branches != 2:
        raise UsageError(
            f'training.featex_exchanges = "second" is written for two branches, and this network has {branches}: '
            'take "all"'
        )
