"""AnoPatch as an encoder (Jiang et al. 2024): a pretrained transformer, taught by ``asd train`` to tell machines apart.

Embeddings have unit length, so that Euclidean and cosine distances order clips alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import numpy as np
from numpy.typing import NDArray

from asd_core.encoders.anopatch.pretrained import new_backbone, weights_digest
from asd_core.encoders.anopatch.shapes import EFFICIENTAT, dropout_settings, shape_settings
from asd_core.encoders.batch_size import BatchSize
from asd_core.encoders.checkpoint_files import (
    ENCODER_FILE,
    load_tensors,
    read_tensors,
    read_trained,
    trained_networks,
)
from asd_core.encoders.clap.weights import RANDOM, is_random, random_note, seed_of
from asd_core.encoders.exact_float32 import exact_float32
from asd_core.encoders.protocol import Waveforms
from asd_core.encoders.trained_options import digest_note
from asd_core.errors import AsdError, UsageError
from asd_core.settings import check_integer

if TYPE_CHECKING:
    from torch import Tensor

    from asd_core.encoders.anopatch.network import AnopatchNetwork

SHORTEST_SECONDS, LONGEST_SECONDS, LONGEST_AST = 0.2, 30.0, 10.26
"""Of a clip. AST has places for 1,024 frames; elsewhere memory grows with the square of the length."""

_PREPROCESSING = 1  # raised whenever a spectrogram or pooling would give another embedding
_CPU_BATCH = 1  # as fast as any larger one, and bit for bit the same in any batch
_GPU_BATCH = 64  # clips at most: of 10 s, BEATs' attention takes some 60 MB each
_HEAD_NOTE = "untrained: pooling and projection are random; asd train --as NAME trains them"


@dataclass(frozen=True)
class AnopatchEncoder:
    """Mono waveforms, 0.2 to 30 s at once → 128 numbers of unit length for each kept checkpoint.

    Attributes:
        backbone: ``beats``, ``ast``, ``wav2vec2``, ``hubert``, ``unispeech``, ``wavlm`` or ``efficientat``.
        weights: ``random``, ``random:<seed>``, the path of BEATs' checkpoint, ``hub`` or a path for the others (see
            `asd_core.encoders.anopatch.pretrained`), or a folder that ``asd train`` wrote.
        digest: of trained weights.
        size: ``full`` is the paper's, ``tiny`` is for trials with random weights.
        shape: JSON text of settings of the backbone that differ from its size's; "" for none.
        dropout: at every place of the backbone while it trains; None is the checkpoint's own.
        pooling: ``auto`` takes the class' tokens where the backbone has any, ``attentive`` statistics elsewhere;
            ``mean`` is the plain mean of tokens.
        bottleneck: width of the attention of ``attentive``.
        global_context: that attention sees mean and deviation over all tokens.
        batch_norm: that attention normalises over the batch.
        output_dim: of an embedding.
        lora_rank: of low-rank additions to queries and values, for ``training.trains = "lora"``; 0 for none.
        precision: ``float32``; or, for the backbone, ``bf16`` on a CPU and ``bf16-cuda`` on a GPU. Spectrogram, pooling
            and projection are float32 always.
        device: ``cpu`` or ``cuda``.
    """

    backbone: Literal["beats", "ast", "wav2vec2", "hubert", "unispeech", "wavlm", "efficientat"] = "beats"
    weights: str = ""
    digest: str = ""
    size: Literal["full", "tiny"] = "full"
    shape: str = ""
    dropout: float | None = None
    pooling: Literal["auto", "attentive", "mean"] = "auto"
    bottleneck: int = 128
    global_context: bool = True
    batch_norm: bool = True
    output_dim: int = 128
    lora_rank: int = 0
    precision: Literal["float32", "bf16", "bf16-cuda"] = "float32"
    device: str = "cpu"

    is_pretrained: ClassVar[bool] = True
    """Random weights are for trials, and are said."""

    def __post_init__(self) -> None:
        if is_random(self.weights):
            seed_of(self.weights)
        shape_settings(self.backbone, self.size, self.shape)
        dropout_settings(self.backbone, self.dropout)
        for name, least in (("bottleneck", 1), ("output_dim", 1), ("lora_rank", 0)):
            check_integer(f"encoder.{name}", getattr(self, name), least)

    @property
    def sample_rate(self) -> int:
        """Hz at the input: 16,000, or 32,000 for EfficientAT."""
        return 32_000 if self.backbone == EFFICIENTAT else 16_000

    @property
    def embedding_dim(self) -> int:
        """Length of an embedding: of all kept checkpoints side by side."""
        return sum(length for _, length in self.groups)

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """See `GroupingEncoder.groups`: one for each kept checkpoint."""
        if not self._is_trained:
            return (("embedding", self.output_dim),)
        return tuple((one.name, self.output_dim) for one in read_trained(self.weights).checkpoints)

    @property
    def fingerprint(self) -> str:
        """Hash of the trained weights' digest, or of the weights at the start, and of all else that makes an embedding.

        Raises:
            AsdError: weights that cannot be had.
        """
        parts: list[object] = ["anopatch", _PREPROCESSING, self.precision, self.backbone, self.pooling, self.bottleneck]
        parts += [self.global_context, self.batch_norm, self.output_dim]
        parts.append(shape_settings(self.backbone, self.size, self.shape))
        if self._is_trained:
            parts.append(self._trained_digest)
        else:
            self._check_weights()
            parts += [weights_digest(self.backbone, self.weights, self.size, self.shape), self._head_seed]
        return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()

    @property
    def note(self) -> str:
        """One line that must be said wherever these embeddings are used; empty where nothing must."""
        return digest_note(self._trained_digest) if self._is_trained else random_note(self.weights) or _HEAD_NOTE

    def check_clips(self, clip_seconds: float, clip_rule: str) -> None:
        """Refuse a length of clips that the backbone cannot hear.

        Raises:
            UsageError: such a length.
        """
        longest = LONGEST_AST if self.backbone == "ast" else LONGEST_SECONDS
        if not SHORTEST_SECONDS <= clip_seconds <= longest:
            raise UsageError(
                f"encoder.clip_seconds must lie between {SHORTEST_SECONDS:g} and {longest:g} for {self.backbone}, "
                f'got {clip_seconds:g}; clip_rule = "windows" hears longer recordings in parts'
            )

    def load(self) -> None:
        """Read the weights now rather than at the first use.

        Raises:
            AsdError: weights that cannot be had.
        """
        _ = self._networks

    def embed(self, waveforms: Waveforms) -> NDArray[np.float32]:
        """See `Encoder.embed`.

        Raises:
            ClipError: a length that the backbone cannot hear.
        """
        import torch

        with torch.inference_mode(), exact_float32():
            return np.asarray(torch.cat(list(self._batch_size.map(self._embed, waveforms))).cpu().numpy())

    @staticmethod
    def new_network(table: Mapping[str, Any], seed: int) -> AnopatchNetwork:
        """See `asd_core.encoders.protocol.TrainableEncoder.new_network`."""
        import torch

        from asd_core.encoders.anopatch.network import AnopatchNetwork

        names = {field.name for field in fields(AnopatchEncoder)}
        made = AnopatchEncoder(**{name: value for name, value in table.items() if name in names})
        made._check_weights()
        weights = RANDOM if made._is_trained else made.weights
        backbone = new_backbone(made.backbone, weights, seed, size=made.size, shape=made.shape, dropout=made.dropout)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = AnopatchNetwork(
                backbone,
                pooling=made.pooling,
                bottleneck=made.bottleneck,
                global_context=made.global_context,
                batch_norm=made.batch_norm,
                output_dim=made.output_dim,
                lora_rank=made.lora_rank,
            )
        if made._is_trained:  # the last checkpoint is trained on
            file = read_trained(made.weights).checkpoints[-1].file
            load_tensors(network, read_tensors(made.weights, file), f"{made.weights}/{file}")
        return network

    def _embed(self, waveforms: Waveforms) -> Tensor:
        import torch

        batch = torch.from_numpy(np.ascontiguousarray(waveforms)).to(self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.precision != "float32"):
            made = [network(batch) for network in self._networks]
        return torch.cat([torch.nn.functional.normalize(one) for one in made], dim=1)

    @property
    def _is_trained(self) -> bool:
        """``weights`` is a folder that ``asd train`` wrote."""
        is_folder = bool(self.weights) and (Path(self.weights) / ENCODER_FILE).is_file()
        return bool(self.digest) or "://" in self.weights or is_folder

    @property
    def _trained_digest(self) -> str:
        return self.digest or read_trained(self.weights).digest

    @property
    def _head_seed(self) -> int:
        return seed_of(self.weights) if is_random(self.weights) else 0

    def _check_weights(self) -> None:
        if not self.weights:
            raise UsageError(
                "AnoPatch has no weights yet: set encoder.weights, such as to the path of BEATs_iter3.pt, and "
                'train it: asd train ARCHIVE --recipe anopatch --as NAME, then --encoder NAME; "random" is for trials'
            )

    @cached_property
    def _networks(self) -> list[AnopatchNetwork]:
        from asd_core.encoders.anopatch.lora import merge_lora

        self._check_weights()
        if self.precision == ("bf16-cuda" if self.device == "cpu" else "bf16"):
            cure = 'a CPU: take "bf16", or give --gpus' if self.device == "cpu" else 'a GPU: take "bf16-cuda"'
            raise AsdError(f'encoder.precision = "{self.precision}" gives other embeddings than bf16 on {cure}')
        if self._is_trained:
            found = [network for _, network in trained_networks(self.weights, self.digest, self.new_network)]
        else:
            found = [self.new_network(asdict(self), self._head_seed).eval()]
        for network in found:
            merge_lora(network)
        return [cast("AnopatchNetwork", network.to(self.device)) for network in found]

    @cached_property
    def _batch_size(self) -> BatchSize:
        return BatchSize(_CPU_BATCH if self.device == "cpu" else _GPU_BATCH)
