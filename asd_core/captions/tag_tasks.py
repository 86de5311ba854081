"""The tagging of clips, which runs on workers: the log odds of AudioSet's classes, a row for each clip.

A pure function of its task. A worker keeps the network that it loaded last.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import soxr
from numpy.typing import NDArray

from asd_core.audio.listening import Heard
from asd_core.captions.clip_tasks import heard_clips
from asd_core.encoders.clap.weights import random_note
from asd_core.encoders.efficientat.encoder import EfficientAtEncoder
from asd_core.encoders.efficientat.weights import classes_digest

TAGS = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),  # of a segment with #t= and its start in s behind it
        pa.field("uri", pa.string(), nullable=False),  # likewise
        pa.field("logits", pa.list_(pa.float32()), nullable=False),  # (527,) log odds of AudioSet's classes
    ]
)
"""One row per clip that was tagged."""

_WINDOW_SECONDS = 10.0  # as the networks were trained
_SURE = 1e-9  # probabilities nearer to 0 or 1 have no finite log odds in float32


@dataclass(frozen=True)
class Tagger:
    """The network that tells classes of sound.

    Attributes:
        network: its name (`asd_core.encoders.efficientat.variants`).
        weights: ``hub``, ``random``, ``random:7`` or a path.
    """

    network: str
    weights: str

    @property
    def fingerprint(self) -> str:
        """Hash of its tensors.

        Raises:
            AsdError: weights that cannot be had.
        """
        return classes_digest(self.weights, self.network)

    @property
    def note(self) -> str:
        """One line that must be said beside its classes; "" for none."""
        return random_note(self.weights)


@dataclass(frozen=True)
class TagTask:
    """Clips or segments to be tagged as they were heard: ``clips`` has the places of clip_id and uri."""

    tagger: Tagger
    heard: Heard
    clips: pa.Table


def tag_clips(task: TagTask) -> tuple[pa.Table, dict[str, str]]:
    """Read and tag clips; one that cannot be read, or was replaced since it was listed, stops no other.

    Returns:
        Rows of TAGS, and clip id → the reason for each clip that could not be tagged.
    """
    found, problems = heard_clips(task.clips, task.heard, functools.partial(clip_logits, task.tagger))
    rows = [{**own, "logits": logits} for own, logits in found]
    return pa.Table.from_pylist(rows, TAGS), problems


def clip_logits(tagger: Tagger, samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """Log odds (527,) of a clip's classes: of their probabilities' mean over windows of 10 s that cover it.

    Args:
        tagger: the network.
        samples: (T,) float32.
        sample_rate: of the samples, in Hz; they are resampled as recordings are for an encoder.

    Raises:
        ClipError: less than 0.1 s.
    """
    encoder = _encoder(tagger)
    resampled = samples
    if sample_rate != encoder.sample_rate:
        resampled = soxr.resample(samples, sample_rate, encoder.sample_rate, quality="HQ")
    size = round(_WINDOW_SECONDS * encoder.sample_rate)
    count = max(1, -(-len(resampled) // size))
    starts = np.linspace(0, max(0, len(resampled) - size), count).round().astype(int)
    parts = [encoder.probabilities(resampled[None, start : start + size])[0] for start in starts]
    mean = np.mean(parts, axis=0, dtype=np.float64).clip(_SURE, 1 - _SURE)
    return np.asarray(np.log(mean / (1 - mean)), np.float32)


@functools.lru_cache(maxsize=1)
def _encoder(tagger: Tagger) -> EfficientAtEncoder:
    return EfficientAtEncoder(tagger.network, tagger.weights)
