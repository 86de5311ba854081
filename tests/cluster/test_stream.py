import numpy as np
import pytest

from asd_core.errors import ClipError
from asd_core.pipeline.decoding import DecodedClip
from cluster.stream import pack, unpack


@pytest.mark.parametrize(
    "samples", [np.arange(-5, 6) / 2**15, np.array([-1.0, 1 - 2**-15]), np.array([1.0]), np.array([1e-5])]
)
def test_waveforms_survive_the_trip_to_the_bit_whether_or_not_they_fit_16_bits(samples):
    clips = [DecodedClip(samples[None].astype(np.float32), sample_rate=8_000), DecodedClip(np.ones((2, 3), np.float32))]
    first, second = unpack(pack(clips))
    assert first.waveforms.dtype == np.float32 and first.sample_rate == 8_000 and second.sample_rate is None
    np.testing.assert_array_equal(first.waveforms, clips[0].waveforms)
    np.testing.assert_array_equal(second.waveforms, clips[1].waveforms)


def test_16_bit_recordings_travel_as_such():
    waveforms = np.random.default_rng(0).integers(-(2**15), 2**15, (2, 10_000)) / np.float32(2**15)
    assert len(pack([DecodedClip(waveforms.astype(np.float32))])) < 2.1 * waveforms.size


def test_decoded_clips_survive_the_trip_between_processes():
    waveforms = np.random.default_rng(0).normal(size=(2, 5)).astype(np.float32)
    failed = DecodedClip(None, error=ClipError("empty", "zero bytes", transient=True))
    error, clip = unpack(pack([failed, DecodedClip(waveforms, 1.5, None, "odd")]))
    assert (error.error.reason, error.error.message, error.error.transient) == ("empty", "zero bytes", True)
    np.testing.assert_array_equal(clip.waveforms, waveforms)
    assert (clip.seconds, clip.error, clip.warning) == (1.5, None, "odd")
