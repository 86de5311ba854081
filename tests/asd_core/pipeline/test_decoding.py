import io

import numpy as np
import pytest
import soundfile

from asd_core.encoders.build import EncoderConfig
from asd_core.pipeline.decoding import decode_shard
from tests.asd_core.pipeline.clips import clips, read_from, wav


def test_only_the_first_seconds_are_heard_and_the_length_of_the_whole_is_kept():
    decoded = list(decode_shard(clips(["a"]), EncoderConfig(clip_seconds=2.0), 16_000, read_from({"a": wav(5)})))
    assert decoded[0].waveforms.shape == (1, 32_000)
    assert decoded[0].seconds == pytest.approx(5)


def test_a_short_clip_stays_as_it_is_under_crop_and_is_repeated_under_tile():
    read = read_from({"a": wav(1)})
    crop = next(decode_shard(clips(["a"]), EncoderConfig(clip_seconds=2.5), 16_000, read))
    tile = next(decode_shard(clips(["a"]), EncoderConfig(clip_seconds=2.5, clip_rule="tile"), 16_000, read))
    assert crop.waveforms.shape == (1, 16_000)
    assert tile.waveforms.shape == (1, 40_000)
    np.testing.assert_array_equal(tile.waveforms[0, 16_000:32_000], crop.waveforms[0])


def test_the_level_is_that_of_the_part_that_is_heard():
    sink = io.BytesIO()
    tone = np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000)
    soundfile.write(sink, np.concatenate([0.5 * tone[:16_000], tone[:16_000]]), 16_000, format="WAV", subtype="FLOAT")
    (clip,) = decode_shard(clips(["a"]), EncoderConfig(clip_seconds=1.0), 16_000, read_from({"a": sink.getvalue()}))
    assert clip.level_db == pytest.approx(20 * np.log10(0.5) - 3.01, abs=0.01)  # a full-scale sine has -3.01 dB


def test_a_clip_that_cannot_be_decoded_is_an_outcome_in_its_place():
    table = clips(["good", "empty", "gone", "good"])
    decoded = list(decode_shard(table, EncoderConfig(), 16_000, read_from({"good": wav(1), "empty": b""})))
    reasons = [clip.error and clip.error.reason for clip in decoded]
    assert reasons == [None, "empty", "vanished", None]


def test_a_clip_that_is_silent_once_resampled_is_an_outcome_in_its_place():
    sink, samples = io.BytesIO(), np.zeros(44_100, np.float32)
    samples[100] = 1e-42
    soundfile.write(sink, samples, 44_100, format="WAV", subtype="FLOAT")
    read = read_from({"faint": sink.getvalue(), "good": wav(1)})
    faint, good = decode_shard(clips(["faint", "good"]), EncoderConfig(), 16_000, read)
    assert faint.error.reason == "silent" and "are 0 at 16000 Hz" in faint.error.message
    assert faint.waveforms is None and good.error is None
