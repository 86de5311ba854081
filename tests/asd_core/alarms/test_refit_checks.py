"""A refit is checked by the share of held-out normal clips that it flags, and by labelled faults."""

import numpy as np
import pytest
from scipy.stats import binom

from asd_core.alarms.refit_checks import alikeness, held_out_flags, sensitivity_lost
from asd_core.evaluation.metrics import auc


def flags(per_night, clips=5):
    """Flags of nights, so many of each night's clips, and the nights' numbers."""
    flagged = np.concatenate([np.arange(clips) < count for count in per_night])
    return flagged, np.repeat(np.arange(len(per_night)), clips)


@pytest.mark.parametrize("count", [0, 1, 5, 12, 35])
def test_clips_by_themselves_have_the_binomial_chance(count):
    found = held_out_flags(np.arange(35) < count, np.arange(35) // 5, 0.1, 0.0)
    assert found.p_high == pytest.approx(binom.sf(count - 1, 35, 0.1))
    assert found.p_low == pytest.approx(binom.cdf(count, 35, 0.1))


def test_nights_whose_clips_are_all_alike_count_as_one_clip_each():
    found = held_out_flags(*flags([5, 5, 0, 0, 0, 0, 0]), 0.1, 1.0)
    assert found.p_high == pytest.approx(binom.sf(1, 7, 0.1)) and not found.trouble


def test_too_many_too_few_and_too_few_nights_are_told():
    assert "14 of 35 clips of 7 held-out normal nights are flagged (40%)" in (
        held_out_flags(*flags([2] * 7), 0.1, 0.0).trouble
    )
    assert held_out_flags(*flags([0] * 14, clips=10), 0.1, 0.0).trouble.startswith("only 0 of 140")
    assert "2 held-out normal nights are too few" in held_out_flags(*flags([0, 0]), 0.1, 0.0).trouble
    assert "0 held-out normal nights" in held_out_flags(np.zeros(0, bool), np.zeros(0, np.int64), 0.1, 0.0).trouble
    assert held_out_flags(*flags([1, 0, 1, 0, 0, 1, 0]), 0.1, 0.0).trouble == ""


def test_alikeness_is_0_for_clips_by_themselves_and_1_for_nights_that_are_one():
    rng = np.random.default_rng(0)
    assert alikeness(rng.random(5000) < 0.1, np.arange(5000) // 5) == pytest.approx(0, abs=0.03)
    assert alikeness(np.repeat(rng.random(1000) < 0.1, 5), np.arange(5000) // 5) == 1.0
    assert alikeness(np.zeros(50, bool), np.arange(50) // 5) == 0.0
    assert alikeness(np.ones(3, bool), np.arange(3)) == 0.0


def test_a_well_calibrated_scorer_is_hardly_ever_refused_though_clips_of_a_night_are_alike():
    rng = np.random.default_rng(1)
    nights = np.arange(35) // 5
    z = (rng.normal(size=(4000, 35)) + rng.normal(size=(4000, 7))[:, nights]) / np.sqrt(2)
    flagged = z > 1.2816
    alike = alikeness(flagged.ravel(), (np.arange(4000)[:, None] * 7 + nights).ravel())
    refused = np.mean([bool(held_out_flags(one, nights, 0.1, alike).trouble) for one in flagged])
    naive = np.mean([bool(held_out_flags(one, nights, 0.1, 0.0).trouble) for one in flagged])
    assert refused < 0.02 < naive


def test_sensitivity_is_the_auc_and_a_small_loss_is_none():
    rng = np.random.default_rng(2)
    faults, normals = rng.normal(2, 1, 20), rng.normal(0, 1, 40)
    worse = rng.normal(0.5, 1, 20)
    before, after = sensitivity_lost((faults, normals), (worse, normals))
    labels = np.repeat([True, False], [20, 40])
    assert before == pytest.approx(auc(np.concatenate([faults, normals]), labels))
    assert after == pytest.approx(auc(np.concatenate([worse, normals]), labels)) and after < before
    assert sensitivity_lost((worse, normals), (faults, normals)) is None
    assert sensitivity_lost((faults, normals), (faults, normals)) is None
    assert sensitivity_lost((faults[:0], normals), (worse[:0], normals)) is None
