"""EfficientAT's features as an encoder: the mean of the last maps of a MobileNetV3 that was trained on AudioSet.

Features of the public networks are taken as they are. Those of a network that ``asd train`` taught to tell machines
apart have unit length, as angles between them are what it was trained on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.batch_size import BatchSize
from asd_core.encoders.checkpoint_files import (
    ENCODER_FILE,
    load_tensors,
    read_tensors,
    read_trained,
    trained_networks,
)
from asd_core.encoders.clap.weights import HUB, RANDOM, is_random, random_note, seed_of
from asd_core.encoders.efficientat.variants import feature_dim, variant
from asd_core.encoders.efficientat.weights import features_digest
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.encoders.protocol import Waveforms
from asd_core.encoders.trained_options import digest_note
from asd_core.errors import ClipError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from asd_core.encoders.efficientat.network import EfficientAt

_SHORTEST_SECONDS = 0.1  # three maps in time at the end of the network
_PREPROCESSING = 1  # raised whenever the spectrogram would give another embedding
_CPU_BATCH = 1  # as fast as any larger one, and bit for bit the same in any batch


@dataclass(frozen=True)
class EfficientAtEncoder:
    """Mono waveforms at 32 kHz, best of 10 s → 384 features of ``mn04_as``, 960 of ``mn10_as``.

    Attributes:
        network: name of the public network (`asd_core.encoders.efficientat.variants`); a recipe may write ``name``.
        weights: ``hub``, ``random``, ``random:<seed>`` or a path (see `asd_core.encoders.efficientat.weights`), or a
            folder that ``asd train`` wrote.
        digest: of trained weights; "": those of the folder are taken as they are.
        device: ``cpu`` or ``cuda``.
    """

    network: str = "mn04_as"
    weights: str = HUB
    digest: str = ""
    device: str = "cpu"

    sample_rate: ClassVar[int] = 32_000  # Hz
    is_pretrained: ClassVar[bool] = True
    """Random weights are for trials, and are said."""

    def __post_init__(self) -> None:
        variant(self.network)
        if not self.weights:
            raise UsageError('encoder.weights is empty: write "hub", "random" or a path')
        if is_random(self.weights):
            seed_of(self.weights)

    @staticmethod
    def new_network(table: Mapping[str, Any], seed: int) -> EfficientAt:
        """See `asd_core.encoders.protocol.TrainableEncoder.new_network`.

        ``weights`` may be a trained folder, whose last checkpoint is taken. The classifier of AudioSet is left out.
        """
        from torch import nn

        from asd_core.encoders.efficientat.network import EfficientAt
        from asd_core.encoders.efficientat.weights import load_network

        made = EfficientAtEncoder(
            str(table.get("network", EfficientAtEncoder.network)), str(table.get("weights") or HUB)
        )
        source = f"{RANDOM}:{seed}" if made.is_trained or made.weights == RANDOM else made.weights
        network = EfficientAt(load_network(source, made.network))
        network.mobilenet.classifier = nn.Sequential()
        if made.is_trained:
            file = read_trained(made.weights).checkpoints[-1].file
            load_tensors(network, read_tensors(made.weights, file), f"{made.weights}/{file}")
        return network

    @property
    def is_trained(self) -> bool:
        """The weights are a folder that ``asd train`` wrote."""
        if is_random(self.weights) or self.weights == HUB:
            return False
        return bool(self.digest) or "://" in self.weights or (Path(self.weights) / ENCODER_FILE).is_file()

    @property
    def embedding_dim(self) -> int:
        """Length of an embedding, of all checkpoints together."""
        return sum(length for _, length in self.groups)

    @property
    def groups(self) -> Sequence[tuple[str, int]]:
        """See `GroupingEncoder.groups`: one for each kept checkpoint."""
        length = feature_dim(variant(self.network).width)
        if not self.is_trained:
            return (("features", length),)
        return tuple((one.name, length) for one in read_trained(self.weights).checkpoints)

    @property
    def fingerprint(self) -> str:
        """Hash of the trained weights' digest, or of the tensors that reach a feature, and of what comes before them.

        Raises:
            AsdError: weights that cannot be had.
        """
        weights = self._trained_digest if self.is_trained else features_digest(self.weights, self.network)
        parts = ["efficientat", weights, _PREPROCESSING]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()

    @property
    def note(self) -> str:
        """One line that must be said wherever these embeddings are used; empty where nothing must."""
        return digest_note(self._trained_digest) if self.is_trained else random_note(self.weights)

    def load(self) -> None:
        """Read the weights now rather than at the first use.

        Raises:
            AsdError: weights that cannot be had, or are of another network.
        """
        _ = self._networks

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`.

        Raises:
            ClipError: waveforms of less than 0.1 s.
        """
        return self._computed(self._embedded, waveforms)

    def probabilities(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """Waveforms (B, T) → the probability of each of AudioSet's 527 classes, (B, 527) in 0..1.

        Raises:
            AsdError: a trained network, which has no classifier.
            ClipError: waveforms of less than 0.1 s.
        """
        if self.is_trained:
            raise UsageError("a network that asd train wrote tells no AudioSet classes: take a public one's weights")
        return self._computed(lambda batch: self._networks[0].logits(batch).sigmoid(), waveforms)

    def _computed(self, function: Callable[[Tensor], Tensor], waveforms: Waveforms) -> NDArray[np.float32]:
        import torch

        if waveforms.shape[1] < _SHORTEST_SECONDS * self.sample_rate:
            seconds = waveforms.shape[1] / self.sample_rate
            raise ClipError("too_short", f"EfficientAT hears {_SHORTEST_SECONDS:g} s or more, not {seconds:.3f} s")
        with torch.inference_mode(), exact_float32():
            parts = self._batch_size.map(
                lambda part: function(torch.from_numpy(np.array(part)).to(self.device)), waveforms
            )
            return np.asarray(torch.cat(list(parts)).cpu().numpy())

    def _embedded(self, batch: Tensor) -> Tensor:
        import torch

        made = [network(batch) for network in self._networks]
        return torch.cat([torch.nn.functional.normalize(one) for one in made], dim=1) if self.is_trained else made[0]

    @property
    def _trained_digest(self) -> str:
        return self.digest or read_trained(self.weights).digest

    @cached_property
    def _networks(self) -> list[EfficientAt]:
        from asd_core.encoders.efficientat.network import EfficientAt
        from asd_core.encoders.efficientat.weights import load_network

        if self.is_trained:
            found = trained_networks(self.weights, self.digest, self.new_network)
            return [network.to(self.device) for _, network in found]  # type: ignore[misc]
        return [EfficientAt(load_network(self.weights, self.network)).eval().to(self.device)]

    @cached_property
    def _batch_size(self) -> BatchSize:
        return BatchSize(_CPU_BATCH if self.device == "cpu" else None)
