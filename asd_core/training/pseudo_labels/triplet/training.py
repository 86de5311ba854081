"""Training of the triplet network of one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from asd_core.encoders.protocol import Waveforms
from asd_core.errors import UsageError
from asd_core.settings import check_integer, check_number
from asd_core.training.pseudo_labels.triplet.network import TripletNetwork, new_network
from asd_core.training.pseudo_labels.triplet.samples import triplet_loss, triplets_of

Load = Callable[[Sequence[str]], Waveforms]
"""Addresses of clips → their waveforms (B, T) at 16 kHz."""


@dataclass(frozen=True)
class TripletSettings:
    """The settings of a triplet network's training; the defaults are those of the paper and its code.

    Attributes:
        clip_seconds: of each clip, repeated or cut to this length.
        epochs: passes over the machine's training normals.
        batch_size: clips of the machine in a batch, and of others to be their noise.
        learning_rate: of AdamW, constant.
        weight_decay: of AdamW.
        margin: of the loss.
        channels: of the network's last block, a multiple of 8; fewer make a network for CPUs.
    """

    clip_seconds: float = 18.0
    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    margin: float = 1.0
    channels: int = 128

    def __post_init__(self) -> None:
        """Raise UsageError for values that cannot be."""
        for name in ("epochs", "channels"):
            check_integer(name, getattr(self, name), 1)
        check_integer("batch_size", self.batch_size, 2)
        for name in ("clip_seconds", "learning_rate", "margin"):
            check_number(name, getattr(self, name), 0)
        if self.channels % 8:
            raise UsageError(f"channels = {self.channels}: must be a multiple of 8")


def trained_network(
    own: Sequence[str],
    others: Sequence[str],
    load: Load,
    settings: TripletSettings,
    seed: Sequence[int],
    device: str = "cpu",
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> TripletNetwork:
    """Train a network on the clips of one machine, ready for embedding.

    An epoch has whole batches only, in an order of its own; a machine with fewer clips than a batch has one batch of
    them all.

    Args:
        own: the machine's training normals, two or more.
        others: clips of other machines, one or more.
        load: reads clips.
        settings: see `TripletSettings`.
        seed: whole numbers, of weights, orders, noises and shapes.
        device: ``cpu`` or ``cuda``.
        on_step: called with (done, total) after each step.
    """
    network = new_network(settings.channels, _seed(*seed)).to(device).train()
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    plan = [
        batch for epoch in range(settings.epochs) for batch in batches(own, others, settings.batch_size, [*seed, epoch])
    ]
    for step, (mine, noises) in enumerate(plan):
        generator = torch.Generator().manual_seed(_seed(*seed, step, len(plan)))
        spectrograms = network.spectrogram(torch.from_numpy(load([*mine, *noises])).to(device))
        triplets = triplets_of(spectrograms[: len(mine)], spectrograms[len(mine) :], generator)
        anchors, positives, negatives = network(torch.cat(triplets)).chunk(3)
        loss = triplet_loss(anchors, positives, negatives, settings.margin)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        on_step(step + 1, len(plan))
    return network.eval()


def best_device() -> str:
    """``cuda`` where there is a GPU, else ``cpu``."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def embedded(network: TripletNetwork, waveforms: Waveforms) -> NDArray[np.float32]:
    """Embeddings (B, 128) of waveforms (B, T) at 16 kHz."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        made: Tensor = network(network.spectrogram(torch.from_numpy(waveforms).to(device)))
        return np.asarray(made.cpu().numpy())


def batches(
    own: Sequence[str], others: Sequence[str], size: int, seed: Sequence[int]
) -> Iterator[tuple[list[str], list[str]]]:
    """The batches of an epoch: clips of the machine, each at most once, and as many of others, drawn by chance."""
    rng = np.random.default_rng(list(seed))
    order, size = rng.permutation(len(own)), min(size, len(own))
    for start in range(0, len(own) - size + 1, size):
        noises = rng.choice(len(others), size, replace=len(others) < size)
        yield [own[i] for i in order[start : start + size]], [others[i] for i in noises]


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
