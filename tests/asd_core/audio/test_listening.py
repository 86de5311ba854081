import numpy as np
import pytest
import soundfile
import soxr

from asd_core.audio.listening import AudioReader, Heard
from asd_core.audio.places import place
from asd_core.errors import ClipError
from tests.fleet import write_wav


def test_a_recording_is_heard_at_its_own_rate(tmp_path):
    write_wav(tmp_path / "a.wav", seed=1, seconds=0.5)
    samples, rate = AudioReader()((tmp_path / "a.wav").as_uri())
    assert (len(samples), rate, samples.dtype) == (8000, 16_000, np.float32)


@pytest.mark.parametrize(("data", "reason"), [(b"", "not_audio"), (b"\xff\xd8 a picture", "not_audio")])
def test_what_cannot_be_played_is_a_clip_error(tmp_path, data, reason):
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with pytest.raises(ClipError) as refused:
        AudioReader()(path.as_uri())
    assert refused.value.reason == reason


def written(folder, seconds, rate=16_000):
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, round(seconds * rate)).astype(np.float32)
    soundfile.write(folder / "long.wav", samples, rate, subtype="FLOAT")
    return samples, (folder / "long.wav").as_uri()


@pytest.mark.parametrize(("start", "seconds"), [(0.0, 2.0), (3.2, 2.0), (8.5, 2.0)])
def test_of_a_segment_the_very_samples_are_heard_that_were_scored(tmp_path, start, seconds):
    samples, uri = written(tmp_path, 9.5)
    heard, rate = AudioReader(Heard(seconds=seconds))(place(uri, start))
    assert rate == 16_000
    np.testing.assert_array_equal(heard, samples[round(start * rate) : round((start + seconds) * rate)])


def test_a_segment_of_a_rate_that_browsers_do_not_play_is_resampled_as_the_whole_recording(tmp_path):
    samples, uri = written(tmp_path, 4.0, 96_000)
    heard, rate = AudioReader(Heard(seconds=1.0))(place(uri, 2.0))
    whole = soxr.resample(samples, 96_000, rate, quality="HQ")
    assert (rate, len(heard)) == (48_000, 48_000)
    np.testing.assert_allclose(heard, whole[96_000:144_000], atol=2e-5)


def test_a_recording_is_heard_as_long_as_it_was_scored_and_no_longer_than_two_minutes(tmp_path):
    _, uri = written(tmp_path, 121, 8_000)
    assert len(AudioReader(Heard(seconds=10.0))(uri)[0]) == 80_000
    assert len(AudioReader()(uri)[0]) == 960_000
    other = AudioReader(Heard(seconds=10.0), {uri: Heard(seconds=3.0)})
    assert len(other(place(uri, 5.0))[0]) == 24_000


def test_a_recording_that_ends_before_the_segment_is_another_than_the_one_scored(tmp_path):
    _, uri = written(tmp_path, 2)
    with pytest.raises(ClipError, match="it ends before 50 s"):
        AudioReader(Heard(seconds=10.0))(place(uri, 50.0))
