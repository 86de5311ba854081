"""AnoPatch's network (Jiang et al. 2024, section 3.1): backbone → one vector a clip → linear to 128 numbers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from asd_core.encoders.anopatch.lora import add_lora, lora_parameters
from asd_core.encoders.anopatch.pooling import AttentiveStatistics
from asd_core.errors import UsageError


class AnopatchNetwork(nn.Module):
    """Waveforms (B, T) float32 at ``sample_rate`` → (B, 128) float32, not normalised.

    Attributes:
        backbone: waveforms → ``features`` → tokens, with ``sample_rate``, ``width``, ``class_tokens`` and
            ``has_spectrogram``; see `asd_core.encoders.anopatch.beats.Beats`.
        masking: applied to spectrograms (B, F, T) while the network trains; None for nothing. Backbones that hear
            waveforms have none.
        branch_dims: one branch, the length of the output.
    """

    def __init__(
        self,
        backbone: Any,
        *,
        pooling: str = "auto",
        bottleneck: int = 128,
        global_context: bool = True,
        batch_norm: bool = True,
        output_dim: int = 128,
        lora_rank: int = 0,
    ) -> None:
        """Put a new head on a backbone, drawn from torch's generator.

        Args:
            backbone: as the attribute.
            pooling: ``auto`` takes the tokens of the class, averaged, where the backbone has any, and attentive
                statistics where it has none; ``attentive`` and ``mean`` are over all other tokens in any case.
            bottleneck: see `AttentiveStatistics`, as the two that follow.
            global_context: likewise.
            batch_norm: likewise.
            output_dim: of the embedding.
            lora_rank: of a LoRA on the queries and values of the backbone, with alpha equal to it; 0 for none.

        Raises:
            UsageError: LoRA on a backbone without attention.
        """
        super().__init__()
        self.backbone = backbone
        if self.backbone.has_spectrogram:
            self.masking: nn.Module | None = None
        self.sample_rate: int = self.backbone.sample_rate
        self.branch_dims = (output_dim,)
        width: int = self.backbone.width
        self.takes_class = pooling == "auto" and self.backbone.class_tokens > 0
        self.pooling = None
        if not self.takes_class and pooling != "mean":
            self.pooling = AttentiveStatistics(
                width, bottleneck=bottleneck, global_context=global_context, batch_norm=batch_norm
            )
        self.projection = nn.Linear(width if self.pooling is None else self.pooling.out_dim, output_dim)
        if lora_rank:
            add_lora(self.backbone, lora_rank, float(lora_rank))

    def forward(self, waveforms: Tensor) -> Tensor:
        """Embed waveforms; all before the backbone and all after it is float32 whatever autocast says.

        Raises:
            ClipError: a length that the backbone cannot hear.
        """
        features = self.backbone.features(waveforms)
        if self.training and self.backbone.has_spectrogram and self.masking is not None:
            features = self.masking(features)
        tokens = self.backbone(features)
        with torch.autocast(waveforms.device.type, enabled=False):
            embeddings: Tensor = self.projection(self._pooled(tokens.float()))
        return embeddings

    def train_only(self, part: str) -> None:
        """Let gradients reach a part of the network alone.

        Args:
            part: ``all``, ``lora`` (the LoRA and the head) or ``head`` (pooling and projection).

        Raises:
            UsageError: ``lora`` where there is none.
        """
        chosen = {id(value) for value in (self if part == "all" else self.projection).parameters()}
        if part != "all" and self.pooling is not None:
            chosen |= {id(value) for value in self.pooling.parameters()}
        if part == "lora":
            if not (found := lora_parameters(self.backbone)):
                raise UsageError('training.trains = "lora" needs encoder.lora_rank, such as 64')
            chosen |= {id(value) for value in found}
        for value in self.parameters():
            value.requires_grad_(id(value) in chosen)

    def _pooled(self, tokens: Tensor) -> Tensor:
        if self.takes_class:
            return tokens[:, : self.backbone.class_tokens].mean(dim=1)
        heard = tokens[:, self.backbone.class_tokens :]
        if self.pooling is None:
            return heard.mean(dim=1)
        pooled: Tensor = self.pooling(heard)
        return pooled
