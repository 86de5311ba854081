"""EfficientAT from waveform to features, as training and other networks take it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from asd_core.encoders.efficientat.front_end import SAMPLE_RATE, FrontEnd

if TYPE_CHECKING:
    from torch import Tensor

    from asd_core.encoders.efficientat.mobilenet import MobileNet


class EfficientAt(nn.Module):
    """Waveforms (B, T) float32 at 32 kHz → features (B, 384) float32 at width 0.4, as they are.

    Attributes:
        sample_rate: Hz expected at the input.
        branch_dims: the one length of the features.
        mobilenet: the network behind the spectrogram.
        masking: applied to spectrograms (B, 128, frames) while training only; None masks nothing.
    """

    def __init__(self, mobilenet: MobileNet) -> None:
        super().__init__()
        self.sample_rate = SAMPLE_RATE
        self.front_end, self.mobilenet = FrontEnd(), mobilenet
        self.branch_dims: tuple[int, ...] = (mobilenet.feature_dim,)
        self.masking: nn.Module | None = None

    def forward(self, waveforms: Tensor) -> Tensor:
        """Features (B, sum of ``branch_dims``)."""
        features: Tensor = self.mobilenet(self.spectrograms(waveforms)[:, None])
        return features

    def spectrograms(self, waveforms: Tensor) -> Tensor:
        """Log-mel spectrograms (B, 128, frames), masked while training."""
        spectrograms: Tensor = self.front_end(waveforms)
        return self.masking(spectrograms) if self.masking is not None and self.training else spectrograms

    def maps(self, waveforms: Tensor) -> Tensor:
        """The last maps before their mean, (B, C, F', T'): frames for another pooling."""
        maps: Tensor = self.mobilenet.features(self.spectrograms(waveforms)[:, None])
        return maps

    def logits(self, waveforms: Tensor) -> Tensor:
        """Log odds of AudioSet's 527 classes, (B, 527)."""
        return self.mobilenet.logits(self(waveforms))
