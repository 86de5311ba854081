import io
import tracemalloc

import numpy as np
import pytest
import soundfile

from asd_core.audio.listening import IN_MEMORY
from asd_core.encoders.config import EncoderConfig
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


def test_an_hour_is_decoded_in_the_memory_of_a_few_segments(tmp_path):
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 8_000, 1, "PCM_16") as file:
        for second in range(1200):
            file.write(np.random.default_rng(second).normal(0, 0.1, 8_000))
    table = clips([path.as_uri()])
    assert path.stat().st_size > IN_MEMORY
    stream = decode_shard(table, EncoderConfig(clip_rule="segments"), 8_000)
    tracemalloc.start()
    count = sum(1 for _ in stream)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 120 and peak < 8e6  # all samples are 38 MB, a segment is 0.3 MB


def test_a_long_recording_that_is_replaced_while_it_is_read_is_tried_again(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, IN_MEMORY // 2 + 8_000), 8_000)
    table = clips([path.as_uri()])
    stream = decode_shard(table, EncoderConfig(clip_rule="segments"), 8_000)
    first = next(stream)
    soundfile.write(path, np.zeros(8_000), 8_000)
    *_, last = stream
    assert first.error is None and last.error.reason == "changed" and last.error.transient and not last.goes_on


def test_segments_that_cannot_be_used_are_left_out_and_counted():
    sink, samples = io.BytesIO(), np.random.default_rng(0).normal(0, 0.1, 30_000)
    samples[10_000:20_000] = np.nan
    soundfile.write(sink, samples, 1_000, format="WAV", subtype="FLOAT")
    first, last = decode_shard(
        clips(["a"]), EncoderConfig(clip_rule="segments"), 1_000, read_from({"a": sink.getvalue()})
    )
    assert (first.segment, first.goes_on, last.segment, last.goes_on) == (0, True, 2, False)
    assert last.warning == "1 of 3 segments are not scored (not_finite: 10000 samples are NaN or infinite)"
    assert (first.seconds, last.seconds) == (None, 30)
