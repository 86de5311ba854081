"""Validation clips as the waveforms that an encoder hears, as `asd_core.pipeline.decoding.decode_shard` gives them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from asd_core.audio.containers.pieces import Bytes
from asd_core.audio.decoding import decode
from asd_core.audio.read_ahead import Read, read_ahead
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import ClipError, UsageError
from asd_core.pipeline.decoding import DecodedClip, as_heard, read_listed
from asd_core.synthesis.generated_clips import level_db, match_level, remove_silence
from asd_core.synthesis.severities import generator, simulate_anomaly
from asd_core.synthesis.signals import Samples
from asd_core.synthesis.validation import GENERATED, GENERATED_WHOLE, RECORDED, ValidationClip

_ONE_SEGMENT = 1.01  # times its length: a recording that is longer is cut into two


def decode_validation(
    clips: Iterable[ValidationClip],
    config: EncoderConfig,
    sample_rate: int,
    *,
    normal_level_db: float | None = None,
    read: Read = read_listed,
    native_rates: Collection[int] = (),
) -> Iterator[DecodedClip]:
    """Read clips in their order, one at a time, and put their faults in; never raises for one clip.

    A fault goes into the part of a recording that the encoder hears. A generated clip loses its silence (unless it is
    to keep it), is then cut as any other, and brought to the level of the machine's real normal clips.

    Args:
        clips: of one machine.
        config: the length and the channel that are heard.
        sample_rate: Hz, as the encoder expects it.
        normal_level_db: median of the ``level_db`` of the clips fitted to (`median_level_db`); generated clips need it.
        read: gives the bytes of a recording.
        native_rates: Hz at which the encoder takes recordings as they are, as in `decode_shard`.

    Raises:
        UsageError: generated clips without ``normal_level_db``.
    """
    clips = list(clips)
    for clip, data in zip(clips, read_ahead([(clip.uri, clip.recording_id) for clip in clips], read), strict=True):
        if clip.is_generated and normal_level_db is None:
            raise UsageError("generated clips are brought to the level of the real normal ones: give normal_level_db")
        try:
            if isinstance(data, ClipError):
                raise data
            yield _decoded(clip, data, config, sample_rate, normal_level_db or 0.0, native_rates)
        except ClipError as error:
            yield DecodedClip(None, error=error)


def _decoded(
    clip: ValidationClip,
    data: Bytes,
    config: EncoderConfig,
    sample_rate: int,
    normal_level_db: float,
    native_rates: Collection[int],
) -> DecodedClip:
    # Silence may come first, so all of a generated clip is decoded.
    whole = config.clip_rule == "windows" or clip.is_generated
    heard = None if whole else config.clip_seconds
    decoded = decode(data, sample_rate=sample_rate, channel=config.channel, seconds=heard, native_rates=native_rates)
    if config.is_segmented and not clip.is_generated and decoded.seconds > config.clip_seconds * _ONE_SEGMENT:
        raise several_segments()
    rate = decoded.sample_rate
    samples, warnings = _made(clip, decoded.samples, rate)
    waveforms = as_heard(samples, config, rate)
    if clip.is_generated:
        waveforms, short_db = match_level(waveforms, normal_level_db)
        warnings += [f"{short_db:.1f} dB below the normal clips: its peaks do not go higher"] * (short_db > 0.05)
    warning = "; ".join(([decoded.warning] if decoded.warning else []) + warnings) or None
    return DecodedClip(waveforms, decoded.seconds, warning=warning, level_db=level_db(waveforms), sample_rate=rate)


def several_segments() -> UsageError:
    """The refusal of recordings of more than one segment, where embeddings are those of whole clips."""
    return UsageError(
        "a search takes one embedding a clip, but a recording is longer than encoder.clip_seconds, so that it has "
        "several segments: search with --set encoder.clip_rule=windows, or a larger encoder.clip_seconds"
    )


def _made(clip: ValidationClip, samples: Samples, sample_rate: int) -> tuple[Samples, list[str]]:
    if clip.kind in (RECORDED, GENERATED_WHOLE):
        return samples, []
    if clip.kind == GENERATED:
        return remove_silence(samples, sample_rate), []
    made = simulate_anomaly(samples, clip.kind, clip.severity, sample_rate, generator(clip.seed))
    turned_down = [] if made.share == 1 else [f"{made.share:.0%} of the {clip.kind} fits into full scale"]
    return made.waveform, turned_down
