import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.audio.spectrogram import LogMel
from asd_core.encoders.twfr import TwfrEncoder, level_db, rank_weights, twfr
from asd_core.errors import UsageError

SPECTROGRAM = np.random.default_rng(0).normal(-40, 10, (128, 313)).astype(np.float32)


def slow_twfr(spectrogram, r):
    """Paper 2, eq. 1-3, as a loop."""
    values = []
    for row in spectrogram.tolist():
        total, weights, weight = 0.0, 0.0, 1.0
        for x in sorted(row, reverse=True):
            total += weight * x
            weights += weight
            weight *= r
        values.append(total / weights)
    return values


@pytest.mark.parametrize("r", [0, 0.5, 0.98, 1, 1.1])
def test_twfr_equals_a_slow_loop(r):
    np.testing.assert_allclose(twfr(SPECTROGRAM, r), slow_twfr(SPECTROGRAM, r), rtol=1e-5)


def test_r_0_is_the_maximum_of_every_row_wherever_it_stands():
    assert len(set(SPECTROGRAM.argmax(axis=1))) > 64
    np.testing.assert_array_equal(twfr(SPECTROGRAM, 0), SPECTROGRAM.max(axis=1))


def test_r_1_is_the_mean_of_every_row():
    np.testing.assert_allclose(twfr(SPECTROGRAM, 1), SPECTROGRAM.mean(axis=1, dtype=np.float64), rtol=1e-6)


@given(st.floats(0, 1.1), st.integers(0, 2**32 - 1))
def test_the_order_of_frames_is_irrelevant(r, seed):
    shuffled = np.random.default_rng(seed).permuted(SPECTROGRAM, axis=1)
    np.testing.assert_array_equal(twfr(shuffled, r), twfr(SPECTROGRAM, r))


@given(st.floats(0, 2), st.integers(1, 400))
def test_weights_are_positive_or_zero_and_sum_to_one(r, n_frames):
    weights = rank_weights(n_frames, r)
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)


def test_a_million_frames_at_r_above_one_are_finite_and_right():
    # sum_i r^(-i) x_(N-1-i) from the quietest up: only the last few hundred ranks count.
    row = np.linspace(-80, 0, 1_000_000, dtype=np.float32)
    quietest = row[:2000].astype(np.float64)
    weights = 1.1 ** -np.arange(2000.0)
    assert twfr(row[None], 1.1)[0] == pytest.approx(np.sum(quietest * weights) / weights.sum(), rel=1e-6)


@given(st.floats(0, 0.99))
def test_a_smaller_r_never_lowers_the_value(r):
    assert np.all(twfr(SPECTROGRAM, r) >= twfr(SPECTROGRAM, r + 0.01) - 1e-3)


def test_the_encoder_is_the_same_to_the_bit_alone_and_in_a_batch():
    waveforms = np.random.default_rng(1).normal(0, 0.1, (5, 16_000)).astype(np.float32)
    encoder = TwfrEncoder(r=0.98)
    together = encoder.embed(waveforms)
    assert together.shape == (5, 128) and together.dtype == np.float32
    for waveform, embedding in zip(waveforms, together, strict=True):
        np.testing.assert_array_equal(encoder.embed(waveform[None])[0], embedding)
        np.testing.assert_array_equal(twfr(LogMel()(waveform), 0.98), embedding)


def test_another_r_has_another_fingerprint():
    assert TwfrEncoder(r=1.0).fingerprint == TwfrEncoder().fingerprint
    assert TwfrEncoder(r=0.98).fingerprint != TwfrEncoder().fingerprint


def test_a_negative_r_is_refused():
    with pytest.raises(UsageError, match="encoder.r must lie between 0"):
        TwfrEncoder(r=-0.1)


def test_several_r_stand_side_by_side_each_as_alone_and_the_level_behind_them():
    waveforms = np.random.default_rng(1).normal(0, 0.1, (3, 16_000)).astype(np.float32)
    encoder = TwfrEncoder(r=(0.0, 0.5, 1.0), level=True, n_mels=64)
    embeddings = encoder.embed(waveforms)
    assert embeddings.shape == (3, encoder.embedding_dim) == (3, 193) and embeddings.dtype == np.float32
    for place, r in enumerate(encoder.each_r):
        alone = TwfrEncoder(r=r, n_mels=64).embed(waveforms)
        np.testing.assert_array_equal(embeddings[:, 64 * place : 64 * (place + 1)], alone)
    rms = np.sqrt(np.mean(waveforms.astype(np.float64) ** 2, axis=1))
    np.testing.assert_allclose(embeddings[:, -1], 20 * np.log10(rms), rtol=1e-6)


def test_groups_name_every_r_and_the_level():
    encoder = TwfrEncoder(r=(0.0, 0.98), level=True)
    assert encoder.groups == (("r = 0", 128), ("r = 0.98", 128), ("level", 1))
    assert TwfrEncoder().groups == (("r = 1", 128),)


@pytest.mark.parametrize(("gain_db", "expected"), [(0, -20), (5, -15), (-300, -100)])
def test_the_level_is_the_rms_in_db_and_finite_in_silence(gain_db, expected):
    waveform = np.full(1000, 0.1 * 10 ** (gain_db / 20), np.float32)
    assert level_db(waveform) == pytest.approx(expected, abs=1e-3)


def test_an_encoder_of_one_r_keeps_the_fingerprint_that_it_always_had():
    assert TwfrEncoder().fingerprint == "f950422bbaf5cb41"
    assert TwfrEncoder(level=True).fingerprint != TwfrEncoder().fingerprint
    assert TwfrEncoder(r=(0.0, 1.0)).fingerprint != TwfrEncoder(r=(1.0, 0.0)).fingerprint


@pytest.mark.parametrize("r", [(), (0.5, 0.5), (0.0, 2.5)])
def test_several_r_must_be_different_and_in_range(r):
    with pytest.raises(UsageError, match="encoder.r"):
        TwfrEncoder(r=r)
