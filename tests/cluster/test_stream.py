import numpy as np
import pyarrow as pa
import pytest
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import ClipError
from asd_core.pipeline.decoding import DecodedClip, decode_shard
from asd_core.pipeline.shards import Shard, shard_to_bytes
from cluster.stream import decode_rows, pack, unpack


@pytest.mark.parametrize(
    "samples", [np.arange(-5, 6) / 2**15, np.array([-1.0, 1 - 2**-15]), np.array([1.0]), np.array([1e-5])]
)
def test_waveforms_survive_the_trip_to_the_bit_whether_or_not_they_fit_16_bits(samples):
    clips = [DecodedClip(samples[None].astype(np.float32), sample_rate=8_000), DecodedClip(np.ones((2, 3), np.float32))]
    first, second = unpack(pack(clips))
    assert first.waveforms.dtype == np.float32 and first.sample_rate == 8_000 and second.sample_rate is None
    np.testing.assert_array_equal(first.waveforms, clips[0].waveforms)
    np.testing.assert_array_equal(second.waveforms, clips[1].waveforms)


def test_16_bit_recordings_travel_as_such():
    waveforms = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 10_000)) / np.float32(2**15)
    assert len(pack([DecodedClip(waveforms.astype(np.float32))])) < 2.1 * waveforms.size


def test_decoded_clips_survive_the_trip_between_processes():
    waveforms = np.random.default_rng(0).normal(size=(2, 5)).astype(np.float32)
    failed = DecodedClip(None, error=ClipError("empty", "zero bytes", transient=True))
    error, clip = unpack(pack([failed, DecodedClip(waveforms, 1.5, None, "odd")]))
    assert (error.error.reason, error.error.message, error.error.transient) == ("empty", "zero bytes", True)
    np.testing.assert_array_equal(clip.waveforms, waveforms)
    assert (clip.seconds, clip.error, clip.warning) == (1.5, None, "odd")


def row_of(folder, size):
    """A row with a shard of one recording of 25 s that is said to have so many bytes."""
    path = folder / "machine_type=fan/machine_id=07/date=2026-11-01/a.wav"
    path.parent.mkdir(parents=True)
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, 25 * 8_000), 8_000)
    clips = list_archive(str(folder)).clips
    clips = clips.set_column(clips.column_names.index("size"), "size", pa.array([size], pa.int64()))
    encoder = EncoderConfig(clip_rule="segments", options='{"sample_rate": 8000}')
    return clips, encoder, {"shard": np.array([shard_to_bytes(Shard("s", clips, encoder, "f"))], object)}


def test_segments_survive_the_trip_between_processes(tmp_path):
    clips, encoder, row = row_of(tmp_path, 1)
    sent = unpack(bytes(decode_rows(row)["decoded"][0]))
    here = list(decode_shard(clips, encoder, 8_000))
    told = [(one.segment, one.segment_start, one.goes_on) for one in sent]
    assert told == [(0, 0, True), (1, 10, True), (2, 15, False)]
    for one, other in zip(sent, here, strict=True):
        np.testing.assert_array_equal(one.waveforms, other.waveforms)
        assert (one.seconds, one.level_db) == (other.seconds, other.level_db)


def test_long_recordings_are_left_to_the_encoder_so_that_no_row_holds_an_hour(tmp_path):
    _, _, row = row_of(tmp_path, 1 << 30)
    assert decode_rows(row)["decoded"][0] == b""
