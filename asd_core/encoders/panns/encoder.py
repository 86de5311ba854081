"""PANNs' Cnn14 as an encoder (Kong et al. 2020); in pseudo-labels: Fujimura et al., section III-B."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.spectrogram import LogMel
from asd_core.encoders.batch_size import BatchSize
from asd_core.encoders.clap.weights import is_random, random_note, seed_of
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.encoders.panns.weights import ADVICE, load_network, weights_digest
from asd_core.encoders.protocol import Waveforms
from asd_core.errors import ClipError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from asd_core.encoders.panns.network import Cnn14

_LOG_MEL = LogMel(
    sample_rate=32_000,
    n_fft=1024,
    hop=320,
    n_mels=64,
    f_min=50.0,
    f_max=14_000.0,
    mel_scale="slaney",
    mel_norm="slaney",
)
_SHORTEST_SECONDS = 0.32  # 32 frames: five halvings leave one
_PREPROCESSING = 1  # raised whenever the spectrogram would give another embedding
_CPU_BATCH = 1  # bit for bit the same in any batch


@dataclass(frozen=True)
class PannsEncoder:
    """Mono waveforms at 32 kHz → 2,048 numbers, not normalised.

    Attributes:
        weights: path of the public checkpoint or its folder, or ``random``, ``random:7`` for trials.
        device: ``cpu`` or ``cuda``.
    """

    weights: str = ""
    device: str = "cpu"

    sample_rate: ClassVar[int] = 32_000  # Hz
    embedding_dim: ClassVar[int] = 2048

    def __post_init__(self) -> None:
        if is_random(self.weights):
            seed_of(self.weights)

    @property
    def fingerprint(self) -> str:
        """Hash of the weights and of what comes before them.

        Raises:
            AsdError: weights that cannot be had.
        """
        parts = ["panns", weights_digest(self._source), _PREPROCESSING]
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
            ClipError: waveforms of less than 0.32 s.
        """
        import torch

        if waveforms.shape[1] < _SHORTEST_SECONDS * self.sample_rate:
            seconds = waveforms.shape[1] / self.sample_rate
            raise ClipError("too_short", f"PANNs hears {_SHORTEST_SECONDS:g} s or more, not {seconds:.3f} s")
        with torch.inference_mode(), exact_float32():
            parts = self._batch_size.map(self._embed, waveforms)
            return np.asarray(torch.cat(list(parts)).cpu().numpy())

    def _embed(self, waveforms: Waveforms) -> Tensor:
        import torch

        shown = np.stack([_LOG_MEL(waveform).T for waveform in waveforms])
        embedded: Tensor = self._network(torch.from_numpy(np.ascontiguousarray(shown)).to(self.device))
        return embedded

    @property
    def _source(self) -> str:
        if not self.weights:
            raise UsageError(f"encoder.weights is empty: {ADVICE}, or write random for a trial")
        return self.weights

    @cached_property
    def _network(self) -> Cnn14:
        return load_network(self._source).to(self.device)

    @cached_property
    def _batch_size(self) -> BatchSize:
        return BatchSize(_CPU_BATCH if self.device == "cpu" else None)
