import numpy as np
import pytest
import soundfile

from asd_core.errors import ClipError
from asd_core.training.pseudo_labels.triplet.recordings import Recordings
from tests.fleet import write_wav


@pytest.fixture
def place(tmp_path):
    write_wav(tmp_path / "good.wav", seed=0)
    (tmp_path / "empty.wav").write_bytes(b"")
    return lambda name: (tmp_path / f"{name}.wav").as_uri()


def test_short_recordings_are_repeated_and_long_ones_cut(place, tmp_path):
    samples, _ = soundfile.read(tmp_path / "good.wav", dtype="float32")
    longer = Recordings(16_000, 2.5).waveforms([place("good")])
    assert np.array_equal(longer[0], np.concatenate([samples, samples, samples[:8000]]))
    assert np.array_equal(Recordings(16_000, 0.5).waveforms([place("good")])[0], samples[:8000])


def test_a_recording_that_cannot_be_used_has_a_reason(place):
    recordings = Recordings(16_000, 1.0)
    assert [recordings.reason(place(name)) for name in ("good", "empty", "gone")] == [None, "empty", "vanished"]
    with pytest.raises(ClipError):
        recordings.waveforms([place("empty")])
