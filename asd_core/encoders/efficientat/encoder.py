"""EfficientAT's features as an encoder: the mean of the last maps of a MobileNetV3 that was trained on AudioSet.

Features are taken as they are, not brought to unit length.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.batch_size import BatchSize
from asd_core.encoders.clap.weights import HUB, is_random, random_note, seed_of
from asd_core.encoders.efficientat.variants import feature_dim, variant
from asd_core.encoders.efficientat.weights import features_digest
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.encoders.protocol import Waveforms
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
        weights: ``hub``, ``random``, ``random:<seed>`` or a path; see `asd_core.encoders.efficientat.weights`.
        device: ``cpu`` or ``cuda``.
    """

    network: str = "mn04_as"
    weights: str = HUB
    device: str = "cpu"

    sample_rate: ClassVar[int] = 32_000  # Hz

    def __post_init__(self) -> None:
        variant(self.network)
        if not self.weights:
            raise UsageError('encoder.weights is empty: write "hub", "random" or a path')
        if is_random(self.weights):
            seed_of(self.weights)

    @property
    def embedding_dim(self) -> int:
        """Length of an embedding."""
        return feature_dim(variant(self.network).width)

    @property
    def fingerprint(self) -> str:
        """Hash of the tensors that reach a feature and of what comes before them.

        Raises:
            AsdError: weights that cannot be had.
        """
        parts = ["efficientat", features_digest(self.weights, self.network), _PREPROCESSING]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()

    @property
    def note(self) -> str:
        """One line that must be said wherever these embeddings are used; empty where nothing must."""
        return random_note(self.weights)

    def load(self) -> None:
        """Read the weights now rather than at the first use.

        Raises:
            AsdError: weights that cannot be had.
        """
        _ = self._network

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`.

        Raises:
            ClipError: waveforms of less than 0.1 s.
        """
        import torch

        with torch.inference_mode(), exact_float32():
            return np.asarray(self._computed(self._network, waveforms).cpu().numpy())

    def probabilities(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """Waveforms (B, T) → the probability of each of AudioSet's 527 classes, (B, 527) in 0..1.

        Raises:
            ClipError: waveforms of less than 0.1 s.
        """
        import torch

        with torch.inference_mode(), exact_float32():
            return np.asarray(self._computed(self._network.logits, waveforms).sigmoid().cpu().numpy())

    def _computed(self, function: Callable[[Tensor], Tensor], waveforms: Waveforms) -> Tensor:
        import torch

        if waveforms.shape[1] < _SHORTEST_SECONDS * self.sample_rate:
            seconds = waveforms.shape[1] / self.sample_rate
            raise ClipError("too_short", f"EfficientAT hears {_SHORTEST_SECONDS:g} s or more, not {seconds:.3f} s")
        parts = self._batch_size.map(lambda part: function(torch.from_numpy(np.array(part)).to(self.device)), waveforms)
        return torch.cat(list(parts))

    @cached_property
    def _network(self) -> EfficientAt:
        from asd_core.encoders.efficientat.network import EfficientAt
        from asd_core.encoders.efficientat.weights import load_network

        return EfficientAt(load_network(self.weights, self.network)).eval().to(self.device)

    @cached_property
    def _batch_size(self) -> BatchSize:
        return BatchSize(_CPU_BATCH if self.device == "cpu" else None)
