"""The multi-resolution network as an encoder (Fujimura et al., improvements of discriminative feature space training).

It knows nothing before it is trained: ``asd train`` makes its weights.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.batch_size import BatchSize
from asd_core.encoders.checkpoint_files import (
    load_tensors,
    read_tensors,
    read_trained,
    trained_networks,
)
from asd_core.encoders.clap.weights import is_random, random_note, seed_of
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.encoders.multires.options import MultiresOptions
from asd_core.encoders.protocol import Waveforms
from asd_core.errors import ClipError, UsageError
from asd_core.settings import from_mapping

if TYPE_CHECKING:
    from torch import Tensor

    from asd_core.encoders.multires.network import MultiresNetwork

_PREPROCESSING = 1  # raised whenever the same weights would give another embedding
_CPU_BATCH = 1  # bit for bit the same in any batch
_SHAPE = tuple(field.name for field in dataclasses.fields(MultiresOptions))


@dataclass(frozen=True)
class MultiresEncoder(MultiresOptions):
    """Waveforms of one length → the network's output at unit length, for each kept checkpoint side by side.

    Attributes:
        weights: a folder that ``asd train`` wrote, ``random`` or ``random:<seed>``; "" before it is trained.
        digest: of trained weights; "": those of the folder are taken as they are.
        device: ``cpu`` or ``cuda``.
    """

    weights: str = ""
    digest: str = ""
    device: str = "cpu"

    def __post_init__(self) -> None:
        """Raise UsageError for a shape that cannot be."""
        super().__post_init__()
        if is_random(self.weights):
            seed_of(self.weights)

    @staticmethod
    def new_network(table: Mapping[str, Any], seed: int) -> MultiresNetwork:
        """See `TrainableEncoder.new_network`; ``weights`` may be a trained folder, whose last checkpoint is taken."""
        from asd_core.encoders.multires.network import new_multires

        options = from_mapping(MultiresOptions, {key: table[key] for key in _SHAPE if key in table}, "[encoder]")
        network = new_multires(options, table["clip_seconds"], seed)
        weights = table.get("weights", "")
        if weights and not is_random(weights):
            file = read_trained(weights).checkpoints[-1].file
            load_tensors(network, read_tensors(weights, file), f"{weights}/{file}")
        return network

    @property
    def embedding_dim(self) -> int:
        """Length of an embedding, of all checkpoints together."""
        return sum(length for _, length in self.groups)

    @property
    def groups(self) -> Sequence[tuple[str, int]]:
        """The name and the length of each checkpoint's part of an embedding."""
        length = sum(self.branch_dims)
        if not self._is_trained:
            return (("random weights", length),)
        return tuple((one.name, length) for one in read_trained(self.weights).checkpoints)

    @property
    def fingerprint(self) -> str:
        """Hash of the digest of the weights, or their seed, and the shape of the network.

        Raises:
            UsageError: it has no weights.
        """
        self._check_weights()
        shape = {name: getattr(self, name) for name in _SHAPE}
        weights = self.digest or (read_trained(self.weights).digest if self._is_trained else seed_of(self.weights))
        parts = ["multires", weights, shape, _PREPROCESSING]
        return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()

    @property
    def note(self) -> str:
        """One line that must be said wherever these embeddings are used; empty where nothing must."""
        return random_note(self.weights)

    def check_clips(self, clip_seconds: float, clip_rule: str) -> None:
        """Refuse clips that are too short for a branch, and a rule that leaves them at their own length.

        Raises:
            UsageError: the first of these.
        """
        if clip_rule == "crop":
            raise UsageError(
                'encoder.clip_rule = "crop" leaves short clips short: the multi-resolution network hears one length, '
                'take "tile", "windows" or "segments"'
            )
        self.check_seconds(clip_seconds)

    def load(self) -> None:
        """Read the weights now rather than at the first use.

        Raises:
            AsdError: weights that cannot be had, or are of another network.
        """
        self._check_weights()
        if self._is_trained:
            _trained(self)

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`.

        Raises:
            ClipError: waveforms of another length than the network was trained with.
        """
        import torch

        self._check_weights()
        networks = _trained(self) if self._is_trained else _untrained(self, waveforms.shape[1])
        if waveforms.shape[1] != networks[0].samples:
            heard, trained = (count / self.sample_rate for count in (waveforms.shape[1], networks[0].samples))
            raise ClipError("wrong_length", f"this network was trained with {trained:g} s at once, not {heard:g} s")
        with torch.inference_mode(), exact_float32():
            parts = self._batch_size.map(lambda part: self._embed(part, networks), waveforms)
            return np.asarray(torch.cat(list(parts)).cpu().numpy())

    def _embed(self, waveforms: Waveforms, networks: Sequence[MultiresNetwork]) -> Tensor:
        import torch

        batch = torch.from_numpy(np.ascontiguousarray(waveforms)).to(self.device)
        return torch.cat([torch.nn.functional.normalize(network(batch)) for network in networks], dim=1)

    @property
    def _is_trained(self) -> bool:
        return bool(self.weights) and not is_random(self.weights)

    def _check_weights(self) -> None:
        if not self.weights:
            raise UsageError(
                "the multi-resolution network is not trained yet: asd train ARCHIVE --recipe multires --as NAME, then "
                '--encoder NAME; weights = "random" is for trials'
            )

    @cached_property
    def _batch_size(self) -> BatchSize:
        return BatchSize(_CPU_BATCH if self.device == "cpu" else None)


@lru_cache(maxsize=4)
def _trained(encoder: MultiresEncoder) -> list[MultiresNetwork]:
    found = trained_networks(encoder.weights, encoder.digest, encoder.new_network)
    return [network.to(encoder.device) for _, network in found]  # type: ignore[misc]


@lru_cache(maxsize=4)
def _untrained(encoder: MultiresEncoder, samples: int) -> list[MultiresNetwork]:
    table = {**dataclasses.asdict(encoder), "clip_seconds": samples / encoder.sample_rate}
    return [encoder.new_network(table, seed_of(encoder.weights)).eval().to(encoder.device)]
