"""Waveforms of recordings, all of one length, read when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from asd_core.audio.decoding import decode, fit_length, read_clip
from asd_core.encoders.protocol import Waveforms
from asd_core.errors import ClipError

_KEPT_BYTES = 1 << 30  # of waveforms that stay in memory from one epoch to the next


@dataclass
class Recordings:
    """The beginnings of recordings, shorter ones repeated.

    Attributes:
        sample_rate: Hz.
        seconds: of each waveform.
        channel: to hear, from 0; None: the mean of all.
    """

    sample_rate: int
    seconds: float
    channel: int | None = None
    _kept: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    _reasons: dict[str, str | None] = field(default_factory=dict)

    def reason(self, uri: str) -> str | None:
        """Why a recording cannot be used; None where it can."""
        if uri not in self._reasons:
            try:
                self._waveform(uri)
                self._reasons[uri] = None
            except ClipError as error:
                self._reasons[uri] = error.reason
        return self._reasons[uri]

    def waveforms(self, uris: Sequence[str]) -> Waveforms:
        """(B, T) float32.

        Raises:
            ClipError: one of them cannot be used, see `reason`.
        """
        return np.stack([self._waveform(uri) for uri in uris])

    def _waveform(self, uri: str) -> NDArray[np.float32]:
        if uri in self._kept:
            return self._kept[uri]
        heard = decode(read_clip(uri), sample_rate=self.sample_rate, channel=self.channel, seconds=self.seconds)
        waveform = fit_length(heard.samples, round(self.seconds * self.sample_rate), "tile")
        if (len(self._kept) + 1) * waveform.nbytes <= _KEPT_BYTES:
            self._kept[uri] = waveform
        return waveform
