"""The members that every encoder has, and those that some have beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch.nn import Module

Waveforms = NDArray[np.float32]  # (B, T) in [-1, 1]
Samples = NDArray[np.float32] | NDArray[np.int16]  # (B, T), integers in units of 1 / FULL_SCALE
FULL_SCALE = 1 << 15


class Encoder(Protocol):
    """Turns waveforms into embeddings.

    Arrays rather than tensors cross this line, so that an encoder without a network (TWFR) starts without importing
    torch; one with a network moves its batch to its device itself.
    """

    @property
    def sample_rate(self) -> int:
        """Hz expected at the input."""

    @property
    def embedding_dim(self) -> int:
        """Length of an embedding."""

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same clip would get another embedding: a hash of parameters, weights and precision."""

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """(B, T) float32 in [-1, 1] → (B, D) float32, in the same order.

        The same clip gives the same embedding in any batch, order or process, to 1e-5 relative; on another device,
        such as a GPU, to 1e-4 in float32.

        Raises:
            ClipError: the waveforms cannot be embedded at this length.
        """


class WeightedEncoder(Encoder, Protocol):
    """An encoder that reads its weights when they are first used, so that it can be asked other things without them."""

    def load(self) -> None:
        """Read the weights now. Workers do so before they start, and compare them with those that were planned with.

        Raises:
            AsdError: weights that cannot be had.
        """


class ResamplingEncoder(Encoder, Protocol):
    """An encoder that resamples on its device: decoders leave recordings of some rates as they are."""

    @property
    def native_rates(self) -> frozenset[int]:
        """Hz that it takes beside `sample_rate`, to which recordings of all other rates are brought."""

    def embed_at(self, waveforms: Waveforms, sample_rate: int) -> NDArray[np.float32]:
        """`Encoder.embed` of waveforms (B, T) at one of `native_rates`."""


class StagingEncoder(ResamplingEncoder, Protocol):
    """An encoder on a GPU whose next batch is made ready by another thread while the device computes.

    It takes 16-bit samples as they are: half the bytes cross the bus, and the device brings them into [-1, 1].
    """

    def stage(self, waveforms: Samples) -> Any:
        """A batch (B, T) in memory that the device reads by itself."""

    def embed_staged(self, staged: Any, sample_rate: int) -> NDArray[np.float32]:
        """`ResamplingEncoder.embed_at` of a staged batch."""


class GroupingEncoder(Encoder, Protocol):
    """An encoder whose embeddings are several side by side, each of which may have a detector of its own."""

    @property
    def groups(self) -> Sequence[tuple[str, int]]:
        """The name and the length of each, in order; the lengths add up to `embedding_dim`."""


class TrainableEncoder(Encoder, Protocol):
    """An encoder with a network that ``asd train`` trains.

    It has two settings: ``weights``, the place of its weights (``random``, or a folder that ``asd train`` wrote, among
    others), and ``digest``, the name of trained weights, "" for others. Its fingerprint covers the digest in place of
    the place, so that it needs no file where there is one.
    """

    weights: str
    digest: str

    @staticmethod
    def new_network(table: Mapping[str, Any], seed: int) -> Module:
        """A new network: (B, T) float32 at ``sample_rate`` Hz → (B, sum(branch_dims)), not normalised.

        It has the attributes ``sample_rate: int`` and ``branch_dims: tuple[int, ...]``, the lengths of the parts of its
        output. One with a spectrogram has an attribute ``masking``, None or a module that is applied to spectrograms
        (B, F, T) while it trains.

        Args:
            table: the complete ``[encoder]`` table, defaults filled in, of which ``weights`` says what it starts from.
            seed: of all that is drawn at random.
        """


def weighted(encoder: Encoder) -> WeightedEncoder | None:
    """The encoder, if it reads weights."""
    return cast(WeightedEncoder, encoder) if hasattr(encoder, "load") else None


def resampling(encoder: Encoder) -> ResamplingEncoder | None:
    """The encoder, if it resamples for itself."""
    return cast(ResamplingEncoder, encoder) if hasattr(encoder, "native_rates") else None


def staging(encoder: Encoder) -> StagingEncoder | None:
    """The encoder, if batches are made ready for it, 16-bit samples as they are."""
    return cast(StagingEncoder, encoder) if hasattr(encoder, "embed_staged") else None


def grouping(encoder: Encoder) -> GroupingEncoder | None:
    """The encoder, if it names groups."""
    return cast(GroupingEncoder, encoder) if hasattr(encoder, "groups") else None


def native_rates(encoder: Encoder) -> frozenset[int]:
    """Hz at which decoders leave recordings as they are for this encoder."""
    found = resampling(encoder)
    return found.native_rates if found is not None else frozenset()
