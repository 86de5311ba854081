"""What every encoder keeps."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Waveforms = NDArray[np.float32]  # (B, T) in [-1, 1]


class Encoder(Protocol):
    """Turns waveforms into embeddings.

    Arrays rather than tensors cross this line, so that an encoder without a network (TWFR) starts without importing
    torch; one with a network moves its batch to its device itself.
    """

    @property
    def sample_rate(self) -> int:
        """Hz expected at the input."""
        ...

    @property
    def embedding_dim(self) -> int:
        """Length of an embedding."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same clip would get another embedding: a hash of parameters, weights and precision."""
        ...

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """(B, T) float32 in [-1, 1] → (B, D) float32, in the same order.

        The same clip gives the same embedding in any batch, order or process, to 1e-5 relative.

        Raises:
            ClipError: the waveforms cannot be embedded at this length.
        """
        ...
