"""Splicing: a run of a sample's numbers comes from another sample of its batch, and the result has a class of its own.

A network that must also tell spliced samples from whole ones learns which parts of a sound go together, not only which
machine it is. Like FeatEx (Wilkinghoff 2024), but of what goes into the network.
"""

from __future__ import annotations

import torch
from torch import Tensor

SHORTEST, LONGEST = 1 / 6, 5 / 6  # of a sample's numbers


def splice(inputs: Tensor, targets: Tensor, probability: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Splice samples with others of their batch.

    The run's share of a sample is uniform between `SHORTEST` and `LONGEST`, its place uniform. A sample into which a
    share s of sample j was put has the label (1 − s) l_i + s l_j over the second half of the classes.

    Args:
        inputs: (B, T): waveforms, or embeddings whose neighbouring numbers belong together.
        targets: (B, 2 C) labels, of which the second half is 0.
        probability: of each sample; one that meets itself stays whole.
        generator: on the CPU.

    Returns:
        Both spliced, of the same shapes.
    """
    if probability == 0:
        return inputs, targets
    rows, length = inputs.shape
    is_spliced = torch.rand(rows, generator=generator) < probability
    partners = torch.randperm(rows, generator=generator)
    is_spliced &= partners != torch.arange(rows)
    shares = SHORTEST + (LONGEST - SHORTEST) * torch.rand(rows, generator=generator)
    lengths = (shares * length).long().clamp(1, max(1, length - 1)) * is_spliced
    starts = (torch.rand(rows, generator=generator) * (length - lengths + 1)).long()
    return spliced(inputs, targets, partners, starts, lengths)


def spliced(
    inputs: Tensor, targets: Tensor, partners: Tensor, starts: Tensor, lengths: Tensor
) -> tuple[Tensor, Tensor]:
    """`splice` with runs that are drawn already: (B,) partner, start and length of each; length 0 splices nothing."""
    place = torch.arange(inputs.shape[1])
    is_theirs = (place >= starts[:, None]) & (place < (starts + lengths)[:, None])
    share = (lengths / inputs.shape[1]).to(targets)[:, None]
    is_spliced = (lengths > 0).to(targets)[:, None]
    device, partners = inputs.device, partners.to(inputs.device)
    mixed = (1 - share) * targets + share * targets[partners]
    moved = mixed.roll(targets.shape[1] // 2, dims=1)
    return (
        torch.where(is_theirs.to(device), inputs[partners], inputs),
        targets * (1 - is_spliced) + moved * is_spliced,
    )
