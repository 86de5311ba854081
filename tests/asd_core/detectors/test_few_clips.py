import numpy as np
import pytest

from asd_core.detectors.few_clips import bearable_ridge, components_within_reach, is_short_of_clips
from asd_core.errors import AsdError

ROWS = np.random.default_rng(0).normal(size=(40, 10))
TOGETHER = np.zeros(40, np.int64)


def test_clips_are_short_below_two_a_dimension_and_component():
    assert not is_short_of_clips(ROWS, 2) and is_short_of_clips(ROWS[1:], 2)


def test_components_wanted_are_kept_while_each_has_fifty_clips():
    assert components_within_reach(100, 2) == (2, [])
    fewer, (note,) = components_within_reach(99, 2)
    assert fewer == 1 and note == "99 normal clips for n_components = 2: fitted 1, 100 clips are needed for 2"
    with pytest.raises(AsdError, match="1 normal clip has no spread"):
        components_within_reach(1, 2)


def test_the_ridge_shrinks_as_ledoit_and_wolf_ask_and_never_below_the_least():
    from sklearn.covariance import ledoit_wolf_shrinkage

    share = ledoit_wolf_shrinkage(ROWS - ROWS.mean(axis=0), assume_centered=True)
    ridge, (note,) = bearable_ridge(ROWS, TOGETHER, 1, 3, 1e-6)
    assert ridge == pytest.approx(share / (1 - share) * ((ROWS - ROWS.mean(axis=0)) ** 2).mean())
    assert f"shrunk by {share:.3g} (Ledoit-Wolf), 60 clips are needed to fit 3 without" in note
    assert bearable_ridge(ROWS, TOGETHER, 1, 3, 1e6) == (1e6, [])
