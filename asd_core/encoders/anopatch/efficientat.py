"""EfficientAT in BEATs' place: each place of its last maps is a token."""

from __future__ import annotations

from torch import Tensor, nn

from asd_core.encoders.efficientat.front_end import SAMPLE_RATE, SHORTEST, FrontEnd
from asd_core.encoders.efficientat.mobilenet import MobileNet
from asd_core.errors import ClipError


class EfficientAtTokens(nn.Module):
    """Waveforms → normalised spectrograms (`features`) → tokens (`forward`).

    Attributes:
        sample_rate: 32,000 Hz.
        width: of a token, 384 of ``mn04_as``.
        class_tokens: 0, there is no token for the whole clip.
        has_spectrogram: True.
    """

    sample_rate = SAMPLE_RATE
    class_tokens = 0
    has_spectrogram = True

    def __init__(self, mobilenet: MobileNet) -> None:
        super().__init__()
        self.front_end, self.maps = FrontEnd(), mobilenet.features
        self.width: int = mobilenet.feature_dim

    def features(self, waveforms: Tensor) -> Tensor:
        """Waveforms (B, T) in [-1, 1] → (B, 128, frames) float32.

        Raises:
            ClipError: waveforms that are too short for a spectrogram.
        """
        if waveforms.shape[1] < SHORTEST:
            raise ClipError("too_short", f"{waveforms.shape[1]} samples are less than a window of {SHORTEST}")
        spectrograms: Tensor = self.front_end(waveforms)
        return spectrograms

    def forward(self, spectrograms: Tensor) -> Tensor:
        """Spectrograms (B, 128, frames) → tokens (B, N, width): 4 places in frequency by frames / 32."""
        maps: Tensor = self.maps(spectrograms[:, None])
        return maps.flatten(2).transpose(1, 2)
