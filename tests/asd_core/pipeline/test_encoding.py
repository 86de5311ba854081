import threading

import numpy as np
import pytest

from asd_core.audio.cut_windows import Windows, cut_windows
from asd_core.encoders.config import EncoderConfig
from asd_core.errors import AsdError, ClipError
from asd_core.pipeline.decoding import DecodedClip, decode_shard
from asd_core.pipeline.encoding import as_float, encode_shard
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
    np.testing.assert_allclose(outcome[0], np.mean(decoded[0].waveforms), rtol=1e-4)


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


@pytest.mark.parametrize("batch_size", [1, 7, 256, 2_000])
def test_a_batch_is_never_larger_than_asked_for_however_many_windows_a_recording_has(batch_size):
    recording = np.random.default_rng(0).normal(size=1_543 * 200 - 30).astype(np.float32)
    decoded = [DecodedClip(cut_windows(recording, 200)), DecodedClip(cut_windows(recording[:500], 200))]
    encoder = MeanEncoder()
    outcomes = encode_shard(decoded, encoder, batch_size)
    assert max(count for count, _ in encoder.batches) <= batch_size
    assert sum(count for count, _ in encoder.batches) == 1_543 + 3
    for clip, outcome in zip(decoded, outcomes, strict=True):
        windows = np.asarray(clip.waveforms)
        np.testing.assert_array_equal(outcome, MeanEncoder().embed(windows).mean(axis=0, dtype=float).astype("f4"))


def test_windows_of_a_long_recording_are_cut_as_they_are_embedded():
    held = []

    class Watched(Windows):
        def __getitem__(self, some):
            held.append(len(self.starts[some]))
            return super().__getitem__(some)

    whole = cut_windows(np.arange(100_000, dtype=np.float32), 200)
    encode_shard([DecodedClip(Watched(whole.samples, whole.starts, 200))], MeanEncoder(), 16)
    assert max(held) == 16


class StagingEncoder(ResamplingMeanEncoder):
    """Counts what is staged, and by which thread."""

    device = "cpu"

    def __init__(self):
        super().__init__()
        self.threads, self.kinds = set(), []

    def stage(self, waveforms):
        self.threads.add(threading.get_ident())
        self.kinds.append(waveforms.dtype)
        return as_float(waveforms)

    def embed_staged(self, staged, sample_rate):
        return self.embed(staged)


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_next_batch_is_staged_by_another_thread_where_a_gpu_computes(device):
    decoded = [DecodedClip(np.full((1, 200), i, np.int16)) for i in range(5)]
    encoder = StagingEncoder()
    encoder.device = device
    outcomes = encode_shard([*decoded, DecodedClip(np.ones((1, 200), np.float32))], encoder, 2)
    assert [outcome[0] for outcome in outcomes] == [*(i / 2**15 for i in range(5)), 1]
    assert encoder.kinds == [np.int16] * 3 + [np.float32]
    assert (threading.get_ident() in encoder.threads) is (device == "cpu")


def test_whole_numbers_are_divided_for_an_encoder_that_does_not_take_them():
    outcomes = encode_shard([DecodedClip(np.full((2, 200), -(2**15), np.int16))], MeanEncoder(), 8)
    np.testing.assert_array_equal(outcomes, [[-1, 1]])
