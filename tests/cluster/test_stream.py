import numpy as np
import pyarrow as pa
import soundfile

from asd_core.clips.archive import list_archive
from asd_core.encoders.config import EncoderConfig
from asd_core.pipeline.decoding import decode_shard
from asd_core.pipeline.encoding import as_float
from asd_core.pipeline.shards import Shard, shard_to_bytes
from cluster.decoded_bytes import unpack
from cluster.stream import decode_rows


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
        np.testing.assert_array_equal(as_float(one.waveforms), other.waveforms)
        assert (one.seconds, one.level_db) == (other.seconds, other.level_db)


def test_long_recordings_are_left_to_the_encoder_so_that_no_row_holds_an_hour(tmp_path):
    _, _, row = row_of(tmp_path, 1 << 30)
    assert decode_rows(row)["decoded"][0] == b""
