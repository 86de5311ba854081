"""Anchors, positives and negatives of a batch (Fujimura et al., eq. 6-8).

anchor    X_i, with noise or without it, with equal probability
positive  X_i with noise
negative  for the first half of the batch X_i resized, for the second half another clip X_j of the machine; with
noise or without it, with equal probability
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from asd_core.training.pseudo_labels.triplet.noise import random_ratios, with_noise
from asd_core.training.pseudo_labels.triplet.resizing import random_resizing, resized


class Triplets(NamedTuple):
    """Magnitude spectrograms (B, F, T) of a batch."""

    anchors: Tensor
    positives: Tensor
    negatives: Tensor


def triplets_of(own: Tensor, others: Tensor, generator: torch.Generator) -> Triplets:
    """Draw the triplets of a batch.

    X_j comes from a random order of the batch, so that it may be X_i itself. Each noise is a clip of another machine,
    drawn anew for anchors, positives and negatives.

    Args:
        own: (B, F, T) magnitude spectrograms of the machine.
        others: (N, F, T) of other machines.
        generator: of everything random.
    """
    half = len(own) // 2
    order = torch.randperm(len(own), generator=generator)
    shaped = [resized(spectrogram, random_resizing(generator)) for spectrogram in own[:half]]
    negatives = torch.cat([*(one[None] for one in shaped), own[order[half:].to(own.device)]])
    return Triplets(
        _noisy(own, others, 0.5, generator),
        _noisy(own, others, 1.0, generator),
        _noisy(negatives, others, 0.5, generator),
    )


def triplet_loss(anchors: Tensor, positives: Tensor, negatives: Tensor, margin: float = 1.0) -> Tensor:
    """mean(max(|a − p| − |a − n| + margin, 0)) of embeddings (B, D), with plain Euclidean distances."""
    near = torch.linalg.vector_norm(anchors - positives, dim=1)
    far = torch.linalg.vector_norm(anchors - negatives, dim=1)
    return torch.clamp(near - far + margin, min=0).mean()


def _noisy(signals: Tensor, others: Tensor, probability: float, generator: torch.Generator) -> Tensor:
    """Signals, each with that probability with the noise of another machine."""
    count, device = len(signals), signals.device
    chosen = torch.randint(len(others), (count,), generator=generator).to(device)
    ratios = random_ratios(count, generator).to(device)
    is_noisy = (torch.rand(count, generator=generator) < probability).to(device)
    return torch.where(is_noisy[:, None, None], with_noise(signals, others[chosen], ratios), signals)
