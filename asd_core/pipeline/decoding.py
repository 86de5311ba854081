"""Decoding the clips of a shard."""

from __future__ import annotations

import functools
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asd_core.audio.cut_windows import Windows, cut_windows, mean_square
from asd_core.audio.decoding import decode, fit_length, open_clip, read_clip, refuse_silent
from asd_core.audio.listening import IN_MEMORY, Heard
from asd_core.audio.read_ahead import Read, read_ahead
from asd_core.audio.segments import Cut, Segment, SegmentedRecording
from asd_core.clips.clip import clip_id
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import ClipError
from asd_core.store.addresses import look_at
from asd_core.store.file_bytes import FileBytes
from asd_core.store.files import FileInfo

LARGEST_FILE = 2 << 30  # bytes: a recording is read whole, by as many workers at once as there are


@dataclass(frozen=True)
class DecodedClip:
    """One clip, or one segment of it, ready for an encoder, or what kept it from being so.

    Attributes:
        waveforms: (W, T), one row per window, float32, or 16-bit integers after a trip between processes; None for an
            error. Windows that overlap are cut as they are needed (`Windows`).
        seconds: length of the whole recording; of several segments, only the last has it.
        level_db: RMS of the part that is heard, dB re full scale.
        error: why there is no waveform.
        warning: what is odd about a clip that is used all the same; of several segments, only the last has it.
        sample_rate: Hz of the waveforms; None for the encoder's own.
        segment: number of the segment, from 0; None for a whole clip.
        segment_start: s from the beginning of the recording; None for a whole clip.
        goes_on: the next one is a segment of the same clip.
    """

    waveforms: NDArray[Any] | Windows | None
    seconds: float | None = None
    error: ClipError | None = None
    warning: str | None = None
    level_db: float | None = None
    sample_rate: int | None = None
    segment: int | None = None
    segment_start: float | None = None
    goes_on: bool = False


def read_listed(uri: str, listed_id: str) -> bytes:
    """The bytes of a recording, if they are still those that were listed as this clip id.

    Raises:
        ClipError: ``changed`` where they are others, ``vanished`` or ``unreadable``, all transient; ``too_long`` where
            the file is larger than `LARGEST_FILE`.
    """

    def small_enough(info: FileInfo) -> None:
        _refuse_changed(uri, listed_id, info)
        if info.size > LARGEST_FILE:
            size, limit = info.size / 2**30, LARGEST_FILE / 2**30
            raise ClipError("too_long", f"{size:.1f} GiB are too large to be read whole: the limit is {limit:g} GiB")

    return read_clip(uri, small_enough)


def open_listed(uri: str, listed_id: str) -> bytes | FileBytes:
    """As `read_listed`, but a large recording stays on disk, and may be of any size."""
    return open_clip(uri, functools.partial(_refuse_changed, uri, listed_id), IN_MEMORY)


def _refuse_changed(uri: str, listed_id: str, info: FileInfo) -> None:
    if clip_id(uri, info.size, info.version) != listed_id:
        message = f"not what was listed: replaced since, or still being written ({info.size} bytes now): {uri}"
        raise ClipError("changed", message, transient=True)


def decode_shard(
    clips: pa.Table,
    config: EncoderConfig,
    sample_rate: int,
    read: Read | None = None,
    native_rates: Collection[int] = (),
) -> Iterator[DecodedClip]:
    """Read and decode clips as an encoder wants them, in the order of the rows; never raises for one clip.

    Segments of a clip come one by one, each decoded only as it is taken.

    Args:
        clips: rows of CLIPS.
        config: how much of a recording is heard, and which channel.
        sample_rate: Hz that the encoder expects.
        read: where their bytes come from; None: from their addresses.
        native_rates: Hz at which it takes recordings as they are (`asd_core.encoders.protocol.native_rates`).
    """
    heard = None if config.clip_rule == "windows" else config.clip_seconds
    addresses = list(zip(clips["uri"].to_pylist(), clips["clip_id"].to_pylist(), strict=True))
    read = read or (open_listed if config.is_segmented else read_listed)
    for (uri, listed_id), data in zip(addresses, read_ahead(addresses, read), strict=True):
        try:
            if isinstance(data, ClipError):
                raise data
            if config.is_segmented:
                yield from _segments(data, config, sample_rate, native_rates, uri, listed_id)
                continue
            decoded = decode(
                data,
                sample_rate=sample_rate,
                channel=config.channel,
                seconds=heard,
                native_rates=native_rates,
            )
            waveforms = heard_windows(decoded.samples, config, decoded.sample_rate)
            level_db = _level_db(waveforms, decoded.sample_rate)
        except ClipError as error:
            yield DecodedClip(None, error=error)
            continue
        yield DecodedClip(waveforms, decoded.seconds, None, decoded.warning, level_db, decoded.sample_rate)


def heard_by(config: EncoderConfig) -> Heard:
    """The part of recordings, or of each segment, that an encoder hears."""
    return Heard(config.channel, config.heard_seconds)


def cut_of(config: EncoderConfig) -> Cut:
    """How an encoder's configuration cuts recordings into segments."""
    return Cut(config.clip_seconds, config.hop_seconds or config.clip_seconds)


def _segments(
    data: bytes | FileBytes,
    config: EncoderConfig,
    sample_rate: int,
    native_rates: Collection[int],
    uri: str,
    listed_id: str,
) -> Iterator[DecodedClip]:
    """The segments of one recording that can be used; the first error where none can.

    A recording that was replaced while it was read ends with a transient error, which is that of the whole clip.
    """
    recording = SegmentedRecording(
        data, cut_of(config), sample_rate=sample_rate, channel=config.channel, native_rates=native_rates
    )
    held: DecodedClip | None = None  # until it is known if it is the last
    left_out: list[ClipError] = []
    total = 0
    try:
        for segment in recording:
            total += 1
            try:
                usable = _usable(segment, recording.sample_rate)
            except ClipError as error:
                left_out.append(_alone(error))
                continue
            if held is not None:
                yield held
            held = usable
    except ClipError as error:
        if held is None:
            raise
        left_out.append(_alone(error))
    if isinstance(data, FileBytes) and uri.startswith("file://"):
        info = look_at([uri])[0]
        try:
            _refuse_changed(uri, listed_id, info or FileInfo(uri, 0, "gone"))
        except ClipError as error:
            yield DecodedClip(None, error=error)
            return
    if held is None:
        raise left_out[0]
    warnings = [recording.warning] if recording.warning else []
    if left_out:
        warnings.append(f"{len(left_out)} of {total} segments are not scored ({left_out[0].reason}: {left_out[0]})")
    yield replace(held, seconds=recording.seconds, warning="; ".join(warnings) or None, goes_on=False)


def _alone(error: ClipError) -> ClipError:
    """An error without its traceback, which would keep the recording's buffers alive until Python looks for them."""
    return error.with_traceback(None)


def _usable(segment: Segment, sample_rate: int) -> DecodedClip:
    samples = segment.samples
    if not np.isfinite(samples).all():
        raise ClipError("not_finite", f"{np.count_nonzero(~np.isfinite(samples))} samples are NaN or infinite")
    refuse_silent(samples)
    waveforms = np.ascontiguousarray(samples)[None]
    level_db = _level_db(waveforms, sample_rate)
    number, start = segment.number, segment.start
    return DecodedClip(
        waveforms, None, None, None, level_db, sample_rate, segment=number, segment_start=start, goes_on=True
    )


def _level_db(waveforms: NDArray[np.float32] | Windows, sample_rate: int) -> float:
    power = mean_square(waveforms)
    if power == 0.0:  # samples near the least float are zeros once resampled
        message = (
            f"all {math.prod(waveforms.shape)} samples are 0 at {sample_rate} Hz: check the microphone and its cable"
        )
        raise ClipError("silent", message)
    return 10 * math.log10(power)


def as_heard(samples: NDArray[np.float32], config: EncoderConfig, sample_rate: int) -> NDArray[np.float32]:
    """Decoded samples (T,) as the recipe's encoder wants them, (W, T'): one row per window.

    A clip that is one segment is heard as it is cropped.
    """
    return np.asarray(heard_windows(samples, config, sample_rate))


def heard_windows(
    samples: NDArray[np.float32], config: EncoderConfig, sample_rate: int
) -> NDArray[np.float32] | Windows:
    """`as_heard`, but windows that overlap are cut as they are needed."""
    length = round(config.clip_seconds * sample_rate)
    if config.clip_rule == "windows":
        return cut_windows(samples, length)
    return fit_length(samples, length, "crop" if config.is_segmented else config.clip_rule)[None]
