import numpy as np
import pytest

from asd_core.audio.cut_windows import cut_windows
from asd_core.errors import ClipError
from asd_core.pipeline.decoding import DecodedClip
from asd_core.pipeline.encoding import as_float
from cluster.decoded_bytes import pack, unpack


@pytest.mark.parametrize(
    "samples", [np.arange(-5, 6) / 2**15, np.array([-1.0, 1 - 2**-15]), np.array([1.0]), np.array([1e-5])]
)
def test_waveforms_survive_the_trip_to_the_bit_whether_or_not_they_fit_16_bits(samples):
    clips = [DecodedClip(samples[None].astype(np.float32), sample_rate=8_000), DecodedClip(np.ones((2, 3), np.float32))]
    first, second = unpack(pack(clips))
    assert first.sample_rate == 8_000 and second.sample_rate is None
    np.testing.assert_array_equal(as_float(first.waveforms), clips[0].waveforms)
    np.testing.assert_array_equal(as_float(second.waveforms), clips[1].waveforms)


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


def test_samples_of_overlapping_windows_travel_once():
    samples = (np.random.default_rng(0).integers(-(2**15), 2**15, 160_000) / 2**15).astype(np.float32)
    windows = cut_windows(samples, 112_000)
    data = pack([DecodedClip(windows, 10.0), DecodedClip(windows[:1])])
    assert len(data) < 2.01 * (160_000 + 112_000)
    first, second = unpack(data)
    assert first.waveforms.dtype == second.waveforms.dtype == np.int16
    np.testing.assert_array_equal(as_float(first.waveforms[:]), np.asarray(windows))
    np.testing.assert_array_equal(as_float(second.waveforms[:]), windows[:1])
    assert pack([first, second]) == data
