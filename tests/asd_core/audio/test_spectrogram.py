import os

import numpy as np
import pytest
import scipy.fft
import soundfile
import torch
import torchaudio

from asd_core.audio.spectrogram import LogMel, decibels, mel_filterbank
from asd_core.errors import ClipError, UsageError

NOISE = np.random.default_rng(0).normal(0, 0.1, 160_000).astype(np.float32)


@pytest.mark.parametrize("mel_scale", ["htk", "slaney"])
@pytest.mark.parametrize("mel_norm", ["none", "slaney"])
def test_the_mel_filterbank_is_torchaudios(mel_scale, mel_norm):
    ours = mel_filterbank(LogMel(mel_scale=mel_scale, mel_norm=mel_norm, f_min=50.0)).toarray()
    norm = None if mel_norm == "none" else mel_norm
    theirs = torchaudio.functional.melscale_fbanks(513, 50.0, 8000.0, 128, 16_000, norm, mel_scale)
    np.testing.assert_allclose(ours, theirs.numpy().T, atol=3e-5)  # theirs is computed in float32


def test_the_log_mel_spectrogram_is_torchaudios():
    mel = torchaudio.transforms.MelSpectrogram(16_000, 1024, hop_length=512, n_mels=128, power=2.0)
    to_db = torchaudio.transforms.AmplitudeToDB("power")
    theirs = to_db(mel(torch.from_numpy(NOISE))).numpy()
    ours = LogMel()(NOISE)
    assert ours.shape == (128, 313)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_decibels_are_torchaudios_down_to_the_floor():
    power = np.array([0, 1e-12, 1e-10, 1e-3, 1, 1e4], np.float32)
    theirs = torchaudio.functional.amplitude_to_DB(torch.from_numpy(power), 10.0, 1e-10, 0.0)
    np.testing.assert_allclose(decibels(power), theirs.numpy(), rtol=1e-6)


def test_a_tone_is_loudest_in_the_mel_filter_around_it():
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    loudest = LogMel()(tone).mean(axis=1).argmax()
    weights = mel_filterbank(LogMel()).toarray()[:, 64]  # the bin of 1000 Hz
    assert loudest == weights.argmax()


def test_twice_the_amplitude_is_six_decibels_more():
    difference = LogMel()(2 * NOISE) - LogMel()(NOISE)
    np.testing.assert_allclose(difference, 20 * np.log10(2), atol=1e-4)


def test_frames_computed_in_pieces_equal_those_computed_at_once():
    long = np.random.default_rng(1).normal(0, 0.1, 512 * 5000).astype(np.float32)
    tail = LogMel()(long[512 * 4000 :])
    np.testing.assert_array_equal(LogMel()(long)[:, -990:], tail[:, -990:])


@pytest.mark.parametrize(("n_fft", "hop"), [(1024, 512), (512, 160), (400, 133), (8192, 4096), (100_000, 50_000)])
def test_the_power_is_that_of_all_frames_at_once_to_the_bit(n_fft, hop):
    settings = LogMel(n_fft=n_fft, hop=hop, n_mels=20)
    for length in (160_000, 159_743, 60_001):
        padded = np.pad(NOISE[:length], n_fft // 2, mode="reflect")
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
        hann = np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft), np.float32)
        spectrum = scipy.fft.rfft(frames * hann, axis=1)
        np.testing.assert_array_equal(settings.power(NOISE[:length]), spectrum.real**2 + spectrum.imag**2)


def test_a_clip_of_half_a_window_is_too_short():
    with pytest.raises(ClipError, match="512 samples are shorter") as caught:
        LogMel()(np.zeros(512, np.float32))
    assert caught.value.reason == "too_short"


def test_a_range_above_half_the_sample_rate_is_refused():
    with pytest.raises(UsageError, match="8000.0 Hz, got 0.0 and 9000"):
        LogMel(f_max=9000)


@pytest.mark.parametrize("machine_id", ["01", "02", "03", "04"])
def test_the_published_toycar_auto_encoder_gives_its_published_scores_on_our_log_mels(real_data, machine_id):
    """MLPerf Tiny's anomaly detector: frames 50 to 250, five stacked, mean squared reconstruction error."""
    expected = {}
    for line in (real_data / "mlperf_tiny_ad01/golden_toycar_ad01_fp32.csv").read_text().splitlines()[1:]:
        name, published, _ = line.split(",")
        expected[name.removesuffix(".wav")] = float(published)
    clips = sorted((real_data / "dcase2020_task2_dev_subset/ToyCar/test").glob(f"*_id_{machine_id}_*.flac"))
    log_mel = LogMel(mel_scale="slaney", mel_norm="slaney", floor=float(np.finfo(float).eps), floor_rule="add")
    assert len(clips) == 4
    for clip in clips:
        samples, rate = soundfile.read(clip, dtype="float32")
        assert rate == 16_000
        frames = log_mel(samples)[:, 50:250].T  # (200, 128)
        stacked = np.lib.stride_tricks.sliding_window_view(frames, 5, axis=0)  # (196, 128, 5)
        vectors = np.ascontiguousarray(stacked.transpose(0, 2, 1)).reshape(-1, 640)
        assert ad01_score(real_data, vectors) == pytest.approx(expected[clip.stem], abs=1e-4)


def ad01_score(real_data, vectors):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from ai_edge_litert.interpreter import Interpreter

    model = Interpreter(str(real_data / "mlperf_tiny_ad01/ad01_fp32.tflite"), num_threads=1)
    model.allocate_tensors()
    source, target = model.get_input_details()[0]["index"], model.get_output_details()[0]["index"]
    errors = []
    for vector in vectors:
        model.set_tensor(source, vector[None].astype(np.float32))
        model.invoke()
        errors.append(np.mean((vector - model.get_tensor(target)[0].astype(np.float64)) ** 2))
    return np.mean(errors)
