import pytest
import torch
from torchaudio.compliance import kaldi

from asd_core.encoders.anopatch.filterbank import FRAME, HOP, filterbank, frame_count
from asd_core.errors import ClipError


def noisy(seconds, seed=0):
    generator = torch.Generator().manual_seed(seed)
    rise = torch.linspace(0, 1, int(seconds * 16_000))
    return torch.rand((3, len(rise)), generator=generator).sub_(0.5).mul_(rise) + 0.1 * torch.sin(rise * 9_000)


def one_by_one(waveforms, scale, window):
    """Kaldi's filterbank by torchaudio, clip after clip."""
    clips = [
        kaldi.fbank(clip[None] * scale, num_mel_bins=128, sample_frequency=16_000, window_type=window)
        for clip in waveforms
    ]
    return torch.stack(clips).transpose(1, 2)


@pytest.mark.parametrize(("scale", "window", "kaldis"), [(2**15, "povey", "povey"), (1.0, "hann", "hanning")])
@pytest.mark.parametrize("seconds", [0.025, 0.5, 2.01])
def test_a_batch_equals_torchaudio_clip_by_clip(seconds, scale, window, kaldis):
    waveforms = noisy(seconds)
    made = filterbank(waveforms, scale=scale, window=window)
    torch.testing.assert_close(made, one_by_one(waveforms, scale, kaldis), rtol=0, atol=1e-4)


def test_silence_lies_on_the_floor_and_is_finite():
    made = filterbank(torch.zeros(1, 800), scale=2**15, window="povey")
    torch.testing.assert_close(made, torch.full_like(made, 1.1920929e-07).log())


def test_ten_seconds_have_998_frames():
    assert frame_count(160_000) == filterbank(torch.zeros(1, 160_000), scale=1.0, window="hann").shape[2] == 998
    assert [frame_count(n) for n in (0, FRAME - 1, FRAME, FRAME + HOP - 1, FRAME + HOP)] == [0, 0, 1, 1, 2]


def test_autocast_leaves_it_in_float32():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = filterbank(noisy(0.5), scale=2**15, window="povey")
    assert torch.equal(made, filterbank(noisy(0.5), scale=2**15, window="povey"))


def test_less_than_a_frame_is_refused():
    with pytest.raises(ClipError, match="399 samples"):
        filterbank(torch.zeros(2, FRAME - 1), scale=1.0, window="povey")
