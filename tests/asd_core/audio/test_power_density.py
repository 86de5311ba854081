import numpy as np
import pytest
import scipy.signal

from asd_core.audio.power_density import power_density


@pytest.mark.parametrize(("count", "rate"), [(160_000, 16_000), (48_000, 48_000), (1_001, 16_000), (1, 8_000)])
def test_it_is_welchs_mean_as_scipy_has_it(count, rate):
    samples = np.random.default_rng(0).standard_normal(count).astype(np.float32)
    found = power_density(samples, rate)
    length = min(count, 2 ** round(np.log2(rate / 2)))
    frequencies, expected = scipy.signal.welch(samples, rate, nperseg=length, noverlap=length // 2)
    np.testing.assert_allclose(found.frequencies, frequencies)
    np.testing.assert_allclose(found.density, expected, rtol=1e-3, atol=1e-9)


def test_the_density_is_the_mean_of_its_course():
    found = power_density(np.random.default_rng(0).standard_normal(50_000).astype(np.float32), 16_000)
    assert found.course.shape == (found.segments, found.frequencies.size)
    np.testing.assert_allclose(found.course.mean(axis=0), found.density, rtol=1e-5)
