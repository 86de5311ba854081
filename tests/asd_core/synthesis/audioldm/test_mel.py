import numpy as np
import pytest
import torch

from asd_core.synthesis.audioldm.mel import log_mel, segment, segment_length


def sound(seconds, rate=16_000):
    """A sweep with noise of a level that falls to nothing."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(0).normal(size=len(time)) * np.exp(-3 * time)
    return (0.3 * np.sin(2 * np.pi * (100 * time + 300 * time**2)) + 0.1 * noise).astype(np.float32)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # librosa's own, as its parts are imported
def test_spectrograms_are_librosas():
    import librosa

    waveform = np.pad(sound(1.0), (0, 1600))
    padded = np.pad(waveform, 432, mode="reflect")
    magnitude = np.abs(librosa.stft(padded, n_fft=1024, hop_length=160, win_length=1024, center=False))
    filters = librosa.filters.mel(sr=16_000, n_fft=1024, n_mels=64, fmin=0, fmax=8000)
    expected = np.log(np.maximum(filters @ magnitude, 1e-5)).T
    made = log_mel(torch.from_numpy(waveform)[None])[0].numpy()
    assert made.shape == (110, 64)
    assert np.abs(made - expected).max() < 1e-4


def test_a_batch_is_its_waveforms_one_by_one():
    rows = torch.from_numpy(np.stack([sound(0.5), sound(0.5)[::-1].copy()]))
    assert torch.allclose(log_mel(rows), torch.cat([log_mel(row[None]) for row in rows]), atol=1e-5)


@pytest.mark.parametrize(("seconds", "samples"), [(10.24, 163_840), (0.64, 10_240), (10.0, 160_000), (0.01, 640)])
def test_a_segment_is_whole_latents(seconds, samples):
    assert segment_length(seconds) == samples


def test_silence_is_the_floor():
    assert torch.allclose(log_mel(torch.zeros(1, 1280)), torch.full((1, 8, 64), float(np.log(1e-5))))


def test_a_short_clip_has_no_mean_its_peak_and_zeros_behind_it():
    made = segment(sound(0.5) * 0.01 + 0.2, 16_000, 0.5, np.random.default_rng(0))
    assert made.shape == (16_000,) and not made[8000:].any()
    assert abs(made[:8000].mean()) < 1e-6
    assert np.abs(made).max() == pytest.approx(0.5, rel=1e-4)


def test_a_long_clip_gives_random_segments_that_follow_from_the_generator():
    clip = sound(2.0)
    made = [segment(clip, 8000, 0.5, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert np.array_equal(made[0], made[1]) and not np.array_equal(made[0], made[2])


def test_any_start_from_the_first_sample_to_the_last_may_come():
    clip = np.array([0, 1, 3, 6], np.float32)  # whose segments of three have other middles
    middles = {round(float(segment(clip, 3, 1.0, np.random.default_rng(seed))[1]), 3) for seed in range(20)}
    assert middles == {-0.2, -0.125}


def test_a_constant_clip_is_silence_not_an_error():
    assert not segment(np.ones(100, np.float32), 200, 0.5, np.random.default_rng(0)).any()
