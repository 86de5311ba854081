from __future__ import annotations

import numpy as np
import pytest

from asd_core.errors import AsdError, ClipError
from asd_core.synthesis.generated_clips import level_db, match_level, median_level_db

NOISE = (0.01 * np.random.default_rng(0).standard_normal(16000)).astype(np.float32)


@pytest.mark.parametrize("target", [-60.0, -30.0, -20.0])
def test_a_recording_is_brought_to_the_level_by_one_factor(target: float) -> None:
    matched, short = match_level(NOISE, target)
    assert level_db(matched) == pytest.approx(target, abs=1e-4) and short == 0
    np.testing.assert_allclose(matched / NOISE, matched[0] / NOISE[0], rtol=1e-5)


def test_a_recording_with_high_peaks_stays_below_the_level_by_what_is_said() -> None:
    click = NOISE.copy()
    click[100] = 0.5
    matched, short = match_level(click, -20.0)
    assert np.abs(matched).max() == pytest.approx(1, abs=1e-6)
    assert level_db(matched) == pytest.approx(-20 - short, abs=1e-4) and short > 5


def test_full_scale_is_0_db_and_a_sine_is_3_db_below() -> None:
    assert level_db(np.ones(100, np.float32)) == pytest.approx(0, abs=1e-6)
    assert level_db(np.sin(2 * np.pi * np.arange(1600) / 16).astype(np.float32)) == pytest.approx(-3.01, abs=0.01)


def test_zeros_have_no_level_to_change() -> None:
    with pytest.raises(ClipError) as caught:
        match_level(np.zeros(100, np.float32), -30)
    assert caught.value.reason == "silent"


def test_the_median_leaves_out_what_was_not_heard() -> None:
    assert median_level_db([-30.0, None, -20.0, -10.0, None]) == -20
    with pytest.raises(AsdError, match="no normal clip has a level"):
        median_level_db([None])
