import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.audio.cut_windows import cut_windows, mean_square


def all_windows(samples, length):
    """The slow twin: every window copied."""
    if len(samples) <= length:
        return np.resize(samples, (1, length))
    count = -(-len(samples) // length)
    starts = np.linspace(0, len(samples) - length, count).round().astype(int)
    return np.stack([samples[start : start + length] for start in starts])


@given(st.integers(1, 500), st.integers(1, 90), st.slices(10))
def test_windows_that_are_cut_late_are_those_that_are_copied_at_once(count, length, some):
    samples = np.random.default_rng(count).normal(size=count).astype(np.float32)
    windows, expected = cut_windows(samples, length), all_windows(samples, length)
    assert windows.shape == expected.shape and len(windows) == len(expected) and windows.dtype == np.float32
    np.testing.assert_array_equal(np.asarray(windows), expected)
    if len(expected[some]):
        np.testing.assert_array_equal(windows[some], expected[some])


def test_samples_are_held_once():
    samples = np.zeros(10_000, np.float32)
    assert cut_windows(samples, 700).samples is samples


@pytest.mark.parametrize("count", [1, 7, 129, 5_000, 70_001])
def test_the_mean_square_is_numpys_to_the_bit_whether_or_not_it_is_added_in_parts(count):
    samples = np.random.default_rng(count).normal(size=count).astype(np.float32)
    for length in (1, 100, 999):
        windows = cut_windows(samples, length)
        expected = np.mean(np.square(np.asarray(windows), dtype=np.float64))
        assert mean_square(windows) == mean_square(np.asarray(windows)) == expected
        assert {mean_square(windows, parts * np.getbufsize()) for parts in (1, 2, 3)} == {expected}
