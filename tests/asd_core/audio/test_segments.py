import io

import numpy as np
import pytest
import soundfile
import soxr
from numpy.testing import assert_allclose, assert_array_equal

from asd_core.audio.decoding import decode
from asd_core.audio.segments import Cut, SegmentedRecording
from asd_core.errors import ClipError

RATE = 8_000
NOISE = np.random.default_rng(0).uniform(-0.5, 0.5, 40 * RATE).astype(np.float32)


def wav(seconds, rate=RATE, **options):
    sink = io.BytesIO()
    soundfile.write(sink, NOISE[: round(seconds * rate)], rate, format="WAV", subtype="FLOAT", **options)
    return sink.getvalue()


def cut(seconds, clip_seconds, hop_seconds, rate=RATE, sample_rate=RATE):
    recording = SegmentedRecording(wav(seconds, rate), Cut(clip_seconds, hop_seconds), sample_rate=sample_rate)
    return recording, list(recording)


@pytest.mark.parametrize(
    ("seconds", "hop", "starts"),
    [
        (0.5, 2, [0]),
        (2.0, 2, [0]),
        (2.01, 2, [0.01]),
        (2.1, 2, [0, 0.1]),
        (5.0, 2, [0, 2, 3]),
        (6.0, 2, [0, 2, 4]),
        (6.015, 2, [0, 2, 4.015]),
        (5.995, 2, [0, 2, 3.995]),
        (5.0, 1, [0, 1, 2, 3]),
        (5.25, 1, [0, 1, 2, 3, 3.25]),
        (4.9, 0.7, [0, 0.7, 1.4, 2.1, 2.8, 2.9]),
    ],
)
def test_segments_begin_at_every_hop_and_the_last_ends_with_the_recording(seconds, hop, starts):
    recording, segments = cut(seconds, 2.0, hop)
    assert_allclose([segment.start for segment in segments], starts, atol=1e-9)
    assert [segment.number for segment in segments] == list(range(len(starts)))
    assert recording.seconds == pytest.approx(seconds)
    for segment in segments:
        start = round(segment.start * RATE)
        assert_array_equal(segment.samples, NOISE[: round(seconds * RATE)][start : start + 2 * RATE])


@pytest.mark.parametrize(("rate", "sample_rate"), [(44_100, 16_000), (8_000, 16_000), (11_025, 8_000)])
@pytest.mark.parametrize("seconds", [0.4, 3.3])
def test_samples_resampled_block_by_block_equal_those_resampled_at_once(rate, sample_rate, seconds):
    _, segments = cut(seconds, 0.5, 0.5, rate, sample_rate)
    whole = soxr.resample(NOISE[: round(seconds * rate)], rate, sample_rate, quality="HQ")
    assert abs(round(segments[-1].start * sample_rate) + len(segments[-1].samples) - len(whole)) <= 1
    for segment in segments:
        start = round(segment.start * sample_rate)
        expected = whole[start : start + len(segment.samples)]
        assert_allclose(segment.samples[: len(expected)], expected, atol=2e-6)


def test_a_recording_of_one_segment_is_what_crop_hears_to_the_bit():
    for seconds in (1.5, 2.0):
        _, (segment,) = cut(seconds, 2.0, 2.0)
        assert_array_equal(segment.samples, decode(wav(seconds), sample_rate=RATE, seconds=2.0).samples)


def test_a_truncated_recording_is_cut_to_its_end_with_a_warning():
    recording = SegmentedRecording(wav(5)[: -RATE * 4], Cut(2.0, 2.0), sample_rate=RATE)
    assert [segment.start for segment in recording] == [0, 2]
    assert recording.seconds == pytest.approx(4) and "4.00 s of the 5.00 s" in recording.warning


@pytest.mark.parametrize(
    ("data", "channel", "reason"),
    [(b"", None, "empty"), (b"RIFF....", None, "not_audio"), (wav(0), None, "no_samples"), (wav(1), 3, "no_such_chan")],
    ids=["empty", "no audio", "no samples", "no such channel"],
)
def test_a_recording_that_cannot_be_decoded_is_a_clip_error(data, channel, reason):
    with pytest.raises(ClipError) as error:
        list(SegmentedRecording(data, Cut(2.0, 2.0), sample_rate=RATE, channel=channel))
    assert error.value.reason.startswith(reason)


def test_a_recording_of_kilobytes_that_says_it_is_hours_long_ends_with_an_error_after_a_bounded_part():
    recording = SegmentedRecording(
        wav(0.5, rate=8_000)[:24] + (1).to_bytes(4, "little") + wav(0.5)[28:], cut=Cut(60, 60), sample_rate=16_000
    )
    numbers = []
    with pytest.raises(ClipError, match="what follows 1048 s of 16"):
        numbers += [segment.number for segment in recording]
    assert recording.seconds == 1048
