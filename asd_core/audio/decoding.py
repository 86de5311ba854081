"""The decoder: bytes of a recording → one channel of float32 samples at an encoder's rate, or the reason why not.

Verdicts (`ClipError.reason`) on recordings that cannot be used:

    empty            zero bytes
    not_audio        no format that can be decoded; the message says what the bytes look like
    no_samples       a good header without samples
    no_such_channel  fewer channels than the one asked for
    not_finite       NaN or infinite samples in the part that is used
    silent           every sample of the part that is used has the same value: a dead microphone or cable. An error, not
                     a warning: a score would blame the machine, and error rows come first in the report
    too_long         larger than memory allows, as a file or once decoded
    vanished         listed, but gone when read (transient: tried again by the next run)
    changed          other bytes than were listed: replaced, or still being written (transient)
    unreadable       not allowed or not possible to read (transient)

A recording cut short is used with a warning.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from asd_core.audio.containers.pieces import Bytes
from asd_core.audio.cut_windows import cut_windows
from asd_core.audio.sound_file import SoundFile
from asd_core.errors import ClipError, UsageError, did_you_mean
from asd_core.store.addresses import open_uri, read_uri
from asd_core.store.file_bytes import FileBytes
from asd_core.store.files import FileInfo, accept_any

Samples = NDArray[np.float32]

_MARGIN = 256  # samples, at the lower of both rates, that soxr's filter needs beyond the cut
_MP3_SLACK = 2 * 1152  # samples: encoder delay and padding, which only some MP3 headers count


@dataclass(frozen=True)
class Decoded:
    """One channel of a recording.

    Attributes:
        samples: (T,) float32; integer formats lie in [-1, 1].
        sample_rate: Hz of ``samples``.
        seconds: length of the whole recording, also where only its beginning was decoded.
        warning: one line about a defect; None for a sound recording.
    """

    samples: Samples
    sample_rate: int
    seconds: float
    warning: str | None


def decode(
    data: Bytes,
    *,
    sample_rate: int,
    channel: int | None = None,
    seconds: float | None = None,
    max_bytes: int = 2 << 30,
    native_rates: Collection[int] = (),
) -> Decoded:
    """Decode a recording of any format of libsndfile, pick or mix its channels and resample it (soxr HQ, as librosa).

    Args:
        data: the file's bytes; the format is recognised from them, never from a name.
        sample_rate: Hz of the samples returned, unless the recording's own is one of ``native_rates``.
        channel: counted from 0; None for the mean of all.
        seconds: length of the beginning to decode; None for all of it.
        max_bytes: limit on the decoded float32 samples, before and after resampling.
        native_rates: Hz at which a recording keeps its rate, for encoders that resample it themselves.

    Raises:
        ClipError: the recording cannot be used; see the module for the reasons.
    """
    if not len(data):
        raise ClipError("empty", "the file has no bytes: the recorder opened it and never wrote")
    with SoundFile(data) as file:
        rate = file.samplerate
        sample_rate = rate if rate in native_rates else sample_rate
        used = None if seconds is None else math.ceil(seconds * rate)
        limit = max_bytes / 4 if sample_rate <= rate else min(max_bytes / 4, file.most_samples) * rate / sample_rate
        samples, frames = _read(file, channel, None if used is None else used + _margin(rate, sample_rate), int(limit))
        warning = truncation(file, frames)
    _refuse_unusable(samples, used)
    resampled = samples if rate == sample_rate else soxr.resample(samples, rate, sample_rate, quality="HQ")
    if seconds is not None:
        resampled = resampled[: max(1, round(seconds * sample_rate))]
    if not len(resampled):
        raise ClipError("no_samples", f"{len(samples)} samples at {rate} Hz are not even one at {sample_rate} Hz")
    return Decoded(np.ascontiguousarray(resampled), sample_rate, frames / rate, warning)


def read_clip(uri: str, accept: Callable[[FileInfo], None] = accept_any) -> bytes:
    """The bytes of a listed recording.

    Args:
        uri: its address.
        accept: see `asd_core.store.addresses.read_uri`; may raise further ClipErrors.

    Raises:
        ClipError: ``vanished`` or ``unreadable``, both transient.
    """
    with _reading(uri):
        return read_uri(uri, accept)


def open_clip(uri: str, accept: Callable[[FileInfo], None], in_memory: int) -> bytes | FileBytes:
    """As `read_clip`, but a recording of more than ``in_memory`` bytes stays on disk."""
    with _reading(uri):
        return open_uri(uri, accept, in_memory)


@contextmanager
def _reading(uri: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise ClipError("vanished", f"listed, but no longer there: {uri}", transient=True) from error
    except OSError as error:
        raise ClipError("unreadable", f"cannot read {uri}: {error.strerror or error}", transient=True) from error
    except ValueError as error:
        raise ClipError("unreadable", f"no file has such a name: {uri} ({error})") from error


def fit_length(samples: Samples, length: int, rule: str) -> Samples:
    """Cut samples (T,) to ``length``.

    Args:
        samples: (T,), at least one.
        length: in samples.
        rule: ``crop``: the first ``length``, and shorter samples stay as they are; ``tile``: repeated until long
            enough, then cut (Fujimura et al.).

    Raises:
        UsageError: another rule.
    """
    match rule:
        case "crop":
            return samples[:length]
        case "tile":
            return np.resize(samples, length)
    raise UsageError(f"unknown clip_rule {rule!r}" + did_you_mean(rule, ("crop", "tile")))


def windows(samples: Samples, length: int) -> Samples:
    """(T,) → (W, length): the fewest windows that cover all samples, evenly spaced from the first to the last.

    Samples shorter than a window are repeated until they fill one. MS-CLAP itself draws one window at random, so its
    embedding of a clip changes from call to call.
    """
    return np.asarray(cut_windows(samples, length))


def _read(file: SoundFile, channel: int | None, wanted: int | None, limit: int) -> tuple[Samples, int]:
    """The first ``wanted`` samples (None: all) of one channel, and the frames of the whole recording."""
    check_channel(file, channel)
    told = file.told_frames if wanted is not None or file.is_length_known else None
    wanted = file.frames if wanted is None else min(wanted, file.frames)
    if file.is_length_known and wanted > limit:
        raise _too_long(wanted, limit, file.samplerate)
    parts: list[Samples] = [np.empty(0, np.float32)]
    frames = 0
    try:
        for block in blocks_of(file):
            if frames < wanted:
                parts.append(one_channel(block, channel)[: wanted - frames])
            frames += len(block)
            if min(frames, wanted) > limit:
                raise _too_long(min(frames, wanted), limit, file.samplerate)
            if told is not None and frames >= wanted:
                return np.concatenate(parts), max(told, frames)
    except ClipError:
        if frames < wanted:
            refuse_silent(np.concatenate(parts))  # nothing packs as well as silence
            raise
    return np.concatenate(parts), frames


def check_channel(file: SoundFile, channel: int | None) -> None:
    """Raise ClipError (``no_such_channel``) for a channel that a recording does not have."""
    if channel is not None and not 0 <= channel < file.channels:
        raise ClipError("no_such_channel", f"no channel {channel}: there are {file.channels}, counted from 0")


def blocks_of(file: SoundFile) -> Iterator[NDArray[np.float32]]:
    """(n, channels) blocks up to the end, or up to where a broken stream can no longer be decoded."""
    left = file.frames
    while left and len(block := file.next_block(min(file.block_frames, left))):
        left -= len(block)
        yield block


def one_channel(block: NDArray[np.float32], channel: int | None) -> Samples:
    """One channel of (n, channels) samples, or the mean of all: (n,)."""
    if block.shape[1] == 1 or channel is not None:
        return block[:, channel or 0]
    with np.errstate(all="ignore"):  # float files may hold anything; a later check refuses values that are not finite
        mixed: Samples = block.mean(axis=1, dtype=np.float32)
    return mixed


def _margin(rate: int, sample_rate: int) -> int:
    """Frames to decode beyond the cut, so that the samples are those of a cut after resampling."""
    return 0 if rate == sample_rate else math.ceil(_MARGIN * max(1.0, rate / sample_rate))


def _too_long(frames: int, limit: int, rate: int) -> ClipError:
    return ClipError(
        "too_long", f"{frames / rate:.0f} s are too long to be decoded whole: the limit is {limit / rate:.0f} s"
    )


def _refuse_unusable(samples: Samples, used: int | None) -> None:
    if not len(samples):
        raise ClipError("no_samples", "a header of an audio file with no samples behind it that can be decoded")
    if not np.isfinite(samples).all():
        bad = int(len(samples) - np.isfinite(samples).sum())
        raise ClipError("not_finite", f"{bad} of {len(samples)} samples are NaN or infinite")
    refuse_silent(samples[:used])


def refuse_silent(samples: Samples) -> None:
    """Raise ClipError (``silent``) for samples (T,), at least one, that all have the same value."""
    if samples.min() == samples.max():
        raise ClipError("silent", f"all {len(samples)} samples are {samples[0]:g}: check the microphone and its cable")


def truncation(file: SoundFile, frames: int) -> str | None:
    """A warning where the recording holds fewer frames than it promises, at its end or within."""
    if file.lost:
        return f"damaged: {file.lost / file.samplerate:.2f} s within the recording cannot be decoded"
    if file.lacks_end_mark:
        return f"truncated: the stream stops after {frames / file.samplerate:.2f} s without its end mark"
    promised = max(frames, round(file.frames * file.promised)) if file.is_length_known else frames
    slack = 0.01 * promised + _MP3_SLACK if file.format in ("MP3", "MPEG") else 0
    if promised - frames > slack:
        digits = 2 if promised - frames >= 0.01 * file.samplerate else 6
        there, told = (f"{count / file.samplerate:.{digits}f} s" for count in (frames, promised))
        return f"truncated: {there} of the {told} that the header promises"
    return None
