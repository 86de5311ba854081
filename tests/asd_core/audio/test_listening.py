import numpy as np
import pytest

from asd_core.audio.listening import AudioReader
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
