"""MS-CLAP's audio embedding as an encoder (Elizalde et al. 2023; in anomaly detection: Ogura et al., eq. 1).

msclap itself draws 7 s of a longer clip at random, so that its embedding changes from call to call; here windows cover
the clip and their embeddings are averaged (`asd_core.audio.windows`). A clip of 7 s is one window, and its embedding
is msclap's own. Nothing is normalised to unit length: distances are between the embeddings as they are.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.batch_size import BatchSize
from asd_core.encoders.clap.audio_tensors import EMBEDDING_DIM, FRAMES, HOP, N_FFT
from asd_core.encoders.clap.audio_tower import SAMPLE_RATE, AudioTower, audio_digest, load_audio_tower
from asd_core.encoders.clap.weights import CLAP_2023, CLAPCAP_2023, HUB, is_random, random_note, seed_of
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.encoders.protocol import FULL_SCALE, Samples, Waveforms
from asd_core.errors import AsdError, ClipError, UsageError

if TYPE_CHECKING:
    from torch import Tensor
    from torchaudio.transforms import Resample

SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 7.4  # of a window: the tower sees 1,024 frames at most, which are 7.43 s

_FILES = {"clap": CLAP_2023, "clapcap": CLAPCAP_2023}
_PREPROCESSING = 1  # raised whenever resampling or spectrogram would give another embedding
_CPU_BATCH = 1  # as fast as any larger one, and bit for bit the same in any batch


@dataclass(frozen=True)
class ClapEncoder:
    """Mono waveforms, best of 7 s → 1,024 numbers, resampled and embedded on the device.

    Weights are read at the first use, so that decoders can ask for rates alone.

    Attributes:
        weights: ``hub``, ``random``, ``random:<seed>`` or a path; see `asd_core.encoders.clap.weights`.
        checkpoint: whose audio tower: ``clap`` (beside the text tower) or ``clapcap`` (beside the caption decoder).
        precision: ``float32``; or, for the transformer, ``bf16`` on a CPU and ``bf16-cuda`` on a GPU. Spectrogram and
            projection are float32 always. In float32 a GPU's embeddings are a CPU's to 1e-4 of their length. In bf16
            they are 3e-3 apart, so that each has a fingerprint of its own.
        device: ``cpu`` or ``cuda``.
    """

    weights: str = HUB
    checkpoint: Literal["clap", "clapcap"] = "clap"
    precision: Literal["float32", "bf16", "bf16-cuda"] = "float32"
    device: str = "cpu"

    sample_rate: ClassVar[int] = SAMPLE_RATE
    embedding_dim: ClassVar[int] = EMBEDDING_DIM
    native_rates: ClassVar[frozenset[int]] = frozenset(
        (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)
    )
    """Hz whose ratio to 44,100 makes a short kernel."""

    def __post_init__(self) -> None:
        if not self.weights:
            raise UsageError('encoder.weights is empty: write "hub", "random" or a path')
        if is_random(self.weights):
            seed_of(self.weights)

    @property
    def fingerprint(self) -> str:
        """Hash of the tower's tensors, the precision and what comes before it.

        Raises:
            AsdError: weights that cannot be had.
        """
        parts = ["clap", audio_digest(self.weights, _FILES[self.checkpoint]), self.precision, _PREPROCESSING]
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=8).hexdigest()

    @property
    def note(self) -> str:
        """One line that must be said wherever these embeddings are used; empty where nothing must."""
        return random_note(self.weights)

    def check_clips(self, clip_seconds: float, clip_rule: str) -> None:
        """Refuse a length of clips, or a rule for shorter ones, that the tower cannot hear.

        Raises:
            UsageError: the first of these.
        """
        if not SHORTEST_SECONDS <= clip_seconds <= LONGEST_SECONDS:
            raise UsageError(
                f"encoder.clip_seconds must lie between {SHORTEST_SECONDS:g} and {LONGEST_SECONDS:g} for MS-CLAP, "
                f"got {clip_seconds:g}; 7 is what it was trained on"
            )
        if clip_rule == "crop":
            raise UsageError('encoder.clip_rule = "crop" leaves short clips short: MS-CLAP needs "windows" or "tile"')

    def load(self) -> None:
        """Read the weights now rather than at the first use.

        Raises:
            AsdError: weights that cannot be had.
        """
        _ = self._tower

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`."""
        return self.embed_at(waveforms, self.sample_rate)

    def embed_at(self, waveforms: Waveforms, sample_rate: int) -> NDArray[np.float32]:
        """See `ResamplingEncoder.embed_at`; resampling is torchaudio's with its defaults, as msclap's.

        Raises:
            ClipError: waveforms that are too short for a frame, or longer than the tower sees at once.
        """
        return self.embed_staged(self.stage(waveforms), sample_rate)

    def stage(self, waveforms: Samples) -> Tensor:
        """See `StagingEncoder.stage`: pinned memory, from which a GPU copies while it still computes."""
        import torch

        kind = np.int16 if waveforms.dtype == np.int16 else np.float32
        if not self._is_on_gpu:
            return torch.from_numpy(np.require(waveforms, kind, ["C", "W"]))
        batch = torch.empty(waveforms.shape, dtype=getattr(torch, kind.__name__), pin_memory=True)
        batch.numpy()[...] = waveforms
        return batch

    def embed_staged(self, staged: Tensor, sample_rate: int) -> NDArray[np.float32]:
        """See `StagingEncoder.embed_staged`; errors as `embed_at`."""
        import torch

        length = -(-staged.shape[1] * SAMPLE_RATE // sample_rate)
        if not N_FFT // 2 < length < FRAMES * HOP:
            seconds = staged.shape[1] / sample_rate
            raise ClipError("wrong_length", f"MS-CLAP hears 0.02 to {LONGEST_SECONDS} s at once, not {seconds:.2f} s")
        with torch.inference_mode(), exact_float32():
            parts = self._batch_size.map(lambda part: self._embed(part, sample_rate), staged)
            return np.asarray(torch.cat(list(parts)).cpu().numpy())

    def _embed(self, batch: Tensor, sample_rate: int) -> Tensor:
        moved = batch.to(self.device, non_blocking=True)
        moved = moved if moved.is_floating_point() else moved.float() / FULL_SCALE
        return self._tower.embed(self._tower.log_mel(_resampler(sample_rate, self.device)(moved)))

    @property
    def _is_on_gpu(self) -> bool:
        return self.device != "cpu"

    @cached_property
    def _tower(self) -> AudioTower:
        if self.precision == ("bf16" if self._is_on_gpu else "bf16-cuda"):
            cure = 'a GPU: take "bf16-cuda"' if self._is_on_gpu else 'a CPU: take "bf16", or give --gpus'
            raise AsdError(f'encoder.precision = "{self.precision}" gives other embeddings than bf16 on {cure}')
        bf16 = self.precision != "float32"
        return load_audio_tower(self.weights, _FILES[self.checkpoint]).to(self.device, bf16=bf16)

    @cached_property
    def _batch_size(self) -> BatchSize:
        return BatchSize(None if self._is_on_gpu else _CPU_BATCH)


@cache
def _resampler(sample_rate: int, device: str) -> Resample:
    from torchaudio.transforms import Resample

    return Resample(sample_rate, SAMPLE_RATE).to(device)
