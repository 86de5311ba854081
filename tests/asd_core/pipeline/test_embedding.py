import io

import numpy as np
import pytest
import soundfile

from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.twfr import TwfrEncoder
from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.decoding import DecodedClip, decode_shard
from asd_core.pipeline.embedding import ShardEmbedder, encode_shard, shard_table
from asd_core.pipeline.shards import Shard
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.asd_core.pipeline.clips import clips, read_from, wav


class MeanEncoder:
    """The mean of each waveform and its square; two dimensions."""

    sample_rate = 16_000
    embedding_dim = 2
    fingerprint = "mean"

    def __init__(self):
        self.batches = []

    def embed(self, waveforms):
        self.batches.append(waveforms.shape)
        if waveforms.shape[1] < 100:
            raise ClipError("too_short", "fewer than 100 samples")
        return np.stack([waveforms.mean(axis=1), (waveforms**2).mean(axis=1)], axis=1)


def test_windows_are_embedded_and_averaged():
    config = EncoderConfig(clip_seconds=1.0, clip_rule="windows")
    decoded = list(decode_shard(clips(["a"]), config, 16_000, read_from({"a": wav(3)})))
    (outcome,) = encode_shard(decoded, MeanEncoder(), 32)
    assert len(decoded[0].waveforms) == 3
    np.testing.assert_allclose(outcome[0], decoded[0].waveforms.mean(), rtol=1e-4)


def test_waveforms_of_one_length_go_together_in_batches_of_the_asked_size():
    lengths = [200, 300, 200, 200, 300]
    decoded = [DecodedClip(np.full((1, n), i, np.float32)) for i, n in enumerate(lengths)]
    encoder = MeanEncoder()
    outcomes = encode_shard(decoded, encoder, 2)
    assert encoder.batches == [(2, 200), (1, 200), (2, 300)]
    assert [outcome[0] for outcome in outcomes] == [0, 1, 2, 3, 4]


class ResamplingMeanEncoder(MeanEncoder):
    """Takes 8 kHz as it is, and marks what it was given at that rate."""

    native_rates = frozenset((8_000, 16_000))

    def embed_at(self, waveforms, sample_rate):
        return self.embed(waveforms) + sample_rate


def test_an_encoder_that_resamples_gets_recordings_at_the_rates_it_takes():
    config, encoder = EncoderConfig(clip_seconds=1.0, clip_rule="windows"), ResamplingMeanEncoder()
    read = read_from({"a": wav(3, 8_000), "b": wav(3, 16_000), "c": wav(3, 24_000)})
    decoded = list(decode_shard(clips(["a", "b", "c"]), config, 16_000, read, native_rates=encoder.native_rates))
    assert [clip.sample_rate for clip in decoded] == [8_000, 16_000, 16_000]
    assert [clip.waveforms.shape for clip in decoded] == [(3, 8_000), (3, 16_000), (3, 16_000)]
    outcomes = encode_shard(decoded, encoder, 32)
    assert [round(float(outcome[0])) for outcome in outcomes] == [8_000, 0, 0]


def test_waveforms_of_one_length_and_different_rates_go_apart():
    decoded = [DecodedClip(np.zeros((1, 200), np.float32), sample_rate=rate) for rate in (8_000, 16_000, 8_000, None)]
    encoder = ResamplingMeanEncoder()
    outcomes = encode_shard(decoded, encoder, 8)
    assert [float(outcome[0]) for outcome in outcomes] == [8_000, 0, 8_000, 0]
    assert encoder.batches == [(2, 200), (1, 200), (1, 200)]


def test_one_clip_that_the_encoder_refuses_spares_the_others():
    decoded = [DecodedClip(np.ones((1, n), np.float32)) for n in (50, 200, 50)]
    outcomes = encode_shard(decoded, MeanEncoder(), 8)
    assert [getattr(outcome, "reason", None) for outcome in outcomes] == ["too_short", None, "too_short"]


def test_an_embedding_that_is_not_finite_is_an_error():
    (outcome,) = encode_shard([DecodedClip(np.full((1, 200), np.nan, np.float32))], MeanEncoder(), 8)
    assert outcome.reason == "embedding_not_finite"


def test_an_encoder_that_returns_another_shape_is_said():
    class Wrong(MeanEncoder):
        embedding_dim = 3

    with pytest.raises(AsdError, match=r"shape \(1, 2\) for 1 waveforms of embedding_dim 3"):
        encode_shard([DecodedClip(np.ones((1, 200), np.float32))], Wrong(), 8)


def test_a_shards_rows_are_its_clips_less_those_to_be_tried_again():
    shard = Shard("s", clips(["a", "b", "c"]), EncoderConfig(), "f")
    outcomes = [np.ones(2, np.float32), ClipError("empty", "zero bytes"), ClipError("vanished", "gone", transient=True)]
    table, transient = shard_table(shard, [DecodedClip(None)] * 3, outcomes, 2)
    assert table["uri"].to_pylist() == ["a", "b"]
    assert table["embedding"].to_pylist() == [[1.0, 1.0], None]
    assert table["error_reason"].to_pylist() == [None, "empty"]
    assert transient == {f"{2:032x}": ("vanished", "gone")}


def test_a_shard_on_disk_is_committed_whole_and_the_first_commit_wins(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(1))
    uris = [LocalFiles(tmp_path).uri(name) for name in ("a.wav", "b.wav")]
    shard = Shard("s", clips(uris), EncoderConfig(), "f")
    store = Store(LocalFiles(tmp_path / "store"))
    outcome = ShardEmbedder(store.files.url)(shard)
    rows = store.read_shard("f", "s")
    assert list(outcome.transient.values())[0][0] == "vanished" and outcome.errors == {}
    samples = soundfile.read(io.BytesIO(wav(1)), dtype="float32")[0]
    np.testing.assert_array_equal(rows["embedding"][0].as_py(), TwfrEncoder().embed(samples[None])[0])
    before = (tmp_path / "store/embeddings/f/shards/s.parquet").stat().st_mtime_ns
    ShardEmbedder(store.files.url)(shard)
    assert (tmp_path / "store/embeddings/f/shards/s.parquet").stat().st_mtime_ns == before
