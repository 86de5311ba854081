"""A recipe's ``[encoder]`` table as a dataclass: which encoder, and how much of a recording it hears."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from asd_core.errors import UsageError

IMPORTED = "imported"
"""The kind of embeddings that were made elsewhere."""

LONGEST_SECONDS = 10_800.0  # heard of one recording: three hours are 0.7 GB at 16 kHz
_MOST_OVERLAPPING = 64  # segments over one moment


@dataclass(frozen=True)
class EncoderConfig:
    """A recipe's ``[encoder]``: which encoder, and how much of a recording it hears.

    Attributes:
        kind: ``twfr``, ``clap``, ``multires``, ``anopatch``, ``efficientat``, ``imported`` (embeddings made
            elsewhere) or ``package.module:Class`` of one's own.
        clip_seconds: how much of each recording is heard.
        clip_rule: ``crop`` (the first seconds, shorter clips as they are), ``tile`` (repeated to the length, then
            cut), ``windows`` (evenly spaced windows of that length that cover the clip, embeddings averaged) or
            ``segments`` (parts of that length that cover the clip, an embedding each).
        channel: which channel, counted from 0; None mixes them all.
        batch_size: waveforms embedded at once, at most; ``clap`` takes fewer where memory is too small.
        name: by which ``--encoder`` finds it: of imported embeddings, or of a trained encoder; of ``efficientat``'s
            network where ``network`` is left out.
        hop_seconds: from the start of a segment to that of the next; None: ``clip_seconds``.
        options: what the kind itself takes, as JSON text (``{"r": 0.98}``), so that the whole stays hashable.
    """

    kind: str = "twfr"
    clip_seconds: float = 10.0
    clip_rule: Literal["crop", "tile", "windows", "segments"] = "crop"
    channel: int | None = None
    batch_size: int = 32
    name: str = ""
    options: str = "{}"
    hop_seconds: float | None = None

    def __post_init__(self) -> None:
        if not self.clip_seconds > 0:
            raise UsageError(f"encoder.clip_seconds must be positive, got {self.clip_seconds}")
        if self.clip_seconds > LONGEST_SECONDS:
            raise UsageError(f"encoder.clip_seconds must be at most {LONGEST_SECONDS:g}, got {self.clip_seconds}")
        if self.batch_size < 1:
            raise UsageError(f"encoder.batch_size must be at least 1, got {self.batch_size}")
        if self.channel is not None and self.channel < 0:
            raise UsageError(f"encoder.channel counts from 0, got {self.channel}")
        if self.hop_seconds is not None:
            self._check_hop(self.hop_seconds)

    @property
    def is_segmented(self) -> bool:
        """A recording has an embedding for each of its segments, not one for all of it."""
        return self.clip_rule == "segments"

    @property
    def heard_seconds(self) -> float | None:
        """How much of a recording, or of each segment, makes an embedding; None for all of a recording."""
        return None if self.clip_rule == "windows" or self.kind == IMPORTED else self.clip_seconds

    def _check_hop(self, hop_seconds: float) -> None:
        if not self.is_segmented:
            raise UsageError(f'encoder.hop_seconds needs clip_rule = "segments", got {self.clip_rule!r}: leave it out')
        if not 0 < hop_seconds <= self.clip_seconds:
            raise UsageError(
                f"encoder.hop_seconds must be positive and at most clip_seconds ({self.clip_seconds:g}), "
                f"got {hop_seconds:g}: sound between segments would not be heard"
            )
        if self.clip_seconds / hop_seconds > _MOST_OVERLAPPING:
            raise UsageError(
                f"encoder.hop_seconds = {hop_seconds:g} hears each moment {self.clip_seconds / hop_seconds:.0f} times: "
                f"take at least {self.clip_seconds / _MOST_OVERLAPPING:g}"
            )


SHARED_KEYS = frozenset(field.name for field in dataclasses.fields(EncoderConfig)) - {"options"}
"""The keys of ``[encoder]`` that all kinds have."""
