"""The caption work that runs on workers: describing clips, embedding texts, measuring clips.

Each is a pure function of its task. A worker keeps the network that it loaded last.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.audio.level_track import Clipping, Dropouts
from asd_core.audio.listening import Heard, to_hear
from asd_core.audio.measures import AcousticMeasures, Band, measure
from asd_core.audio.places import split_place
from asd_core.audio.swellings import Swelling
from asd_core.audio.tones import Tone
from asd_core.errors import AsdError
from asd_core.pipeline.decoding import open_listed
from asd_core.pipeline.threads import one_thread
from asd_core.store.tables import embedding_matrix, rows_of

if TYPE_CHECKING:
    from asd_core.encoders.clap.caption_decoder import CaptionDecoder

T = TypeVar("T")

CLIP_CAPTIONS = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("uri", pa.string(), nullable=False),
        pa.field("caption", pa.string(), nullable=False),
        pa.field("log_probability", pa.float64(), nullable=False),  # of the whole beam over its length
        pa.field("tokens", pa.int64(), nullable=False),
        pa.field("ended", pa.bool_(), nullable=False),  # by the stop token, not by the limit of length
    ]
)
"""One row per clip that the caption decoder described."""

MEASURES = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),  # of a segment with #t= and its start in s behind it
        pa.field("uri", pa.string(), nullable=False),  # likewise
        pa.field("measures", pa.string(), nullable=False),  # AcousticMeasures as JSON
    ]
)
"""One row per clip that was measured."""


@dataclass(frozen=True)
class DecodeTask:
    """Clips for the caption decoder to describe: ``clips`` has clip_id, uri and embedding."""

    weights: str
    start: str
    device: str
    clips: pa.Table


@dataclass(frozen=True)
class TextTask:
    """Texts for the text tower to embed."""

    weights: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class MeasureTask:
    """Clips or segments to be measured as they were heard: ``clips`` has the places of clip_id and uri."""

    heard: Heard
    clips: pa.Table


def describe_clips(task: DecodeTask) -> pa.Table:
    """Rows of CLIP_CAPTIONS: the caption decoder's sentence for each clip."""
    with one_thread():
        captions = _decoder(task.weights, task.device).caption(embedding_matrix(task.clips), start=task.start)
    columns = {
        "clip_id": task.clips["clip_id"],
        "uri": task.clips["uri"],
        "caption": [caption.text for caption in captions],
        "log_probability": [caption.log_probability for caption in captions],
        "tokens": [caption.tokens for caption in captions],
        "ended": [caption.ended for caption in captions],
    }
    return pa.table(columns).cast(CLIP_CAPTIONS)


def decoder_identity(place: tuple[str, str]) -> tuple[str, str]:
    """The fingerprint of the decoder of some weights on a device, and a note on it ("" for none); needs no GPU.

    A decoder of the CPU stays in this process, which may make captions next.
    """
    weights, device = place
    if device != "cpu":
        from asd_core.encoders.clap.caption_decoder import caption_decoder_identity

        return caption_decoder_identity(weights)
    decoder = _decoder(*place)
    return decoder.fingerprint, decoder.note


def embed_texts(task: TextTask) -> tuple[NDArray[np.float32], str]:
    """Texts → embeddings (L, 1024) float32, and a note on the text tower ("" for none)."""
    from asd_core.encoders.clap.text_tower import load_text_tower

    with one_thread():
        tower = load_text_tower(task.weights)
        return tower.embed(task.texts), tower.note


def measure_clips(task: MeasureTask) -> tuple[pa.Table, dict[str, str]]:
    """Read and measure clips; one that cannot be read, or was replaced since it was listed, stops no other.

    Returns:
        Rows of MEASURES, and clip id → the reason for each clip that could not be measured.
    """
    found, problems = heard_clips(task.clips, task.heard, measure)
    rows = [{**own, "measures": json.dumps(asdict(measures))} for own, measures in found]
    return pa.Table.from_pylist(rows, MEASURES), problems


def heard_clips(
    clips: pa.Table, heard: Heard, of: Callable[[NDArray[np.float32], int], T]
) -> tuple[list[tuple[dict[str, object], T]], dict[str, str]]:
    """Read clips one by one and apply a function; one that cannot be read, or was replaced since, stops no other.

    Args:
        clips: with clip_id and uri, of recordings or of places in them.
        heard: how much of each, and which channel.
        of: samples (T,) and their rate in Hz.

    Returns:
        The clip_id and uri of each clip with its result, and clip id → the reason for each clip without one.
    """
    found: list[tuple[dict[str, object], T]] = []
    problems = {}
    with one_thread():
        for clip_id, uri in rows_of(clips, "clip_id", "uri"):
            try:
                listed = functools.partial(open_listed, listed_id=split_place(clip_id)[0])
                result = of(*to_hear(uri, listed, heard))
            except (AsdError, OSError) as error:
                problems[clip_id] = " ".join(str(error).split())
            else:
                found.append(({"clip_id": clip_id, "uri": uri}, result))
    return found, problems


def measures_from(text: str) -> AcousticMeasures:
    """The measurements in a row that `measure_clips` wrote.

    A row of an earlier version has no swellings, no track and impulses that were counted another way: what it has in
    common with newer ones is read.
    """
    fields: dict[str, Any] = json.loads(text)
    if "swellings" not in fields:
        for name in ("modulation_rate", "modulation_depth", "impulse_rate"):
            fields.pop(name, None)
        fields |= dict.fromkeys(("swellings", "impulse_rate", "track", "clipping", "dropouts"))
    parts = {name: fields.pop(name) for name in ("bands", "tones", "swellings", "track", "clipping", "dropouts")}
    return AcousticMeasures(
        **fields,
        bands=tuple(Band(**band) for band in parts["bands"]),
        tones=tuple(Tone(**tone) for tone in parts["tones"]),
        swellings=None if parts["swellings"] is None else tuple(Swelling(**found) for found in parts["swellings"]),
        track=None if parts["track"] is None else tuple(parts["track"]),
        clipping=parts["clipping"] and Clipping(**parts["clipping"]),
        dropouts=parts["dropouts"] and Dropouts(**parts["dropouts"]),
    )


@functools.lru_cache(maxsize=1)
def _decoder(weights: str, device: str) -> CaptionDecoder:
    from asd_core.encoders.clap.caption_decoder import load_caption_decoder

    return load_caption_decoder(weights, device)
