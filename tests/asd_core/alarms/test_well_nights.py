"""Nights join after a quarantine; a fleet may be followed anywhere, a machine alone nowhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asd_core.alarms.well_nights import GrowthRules, growth, standing_apart, thinned

RULES = GrowthRules(quarantine=3, window=5, hold=4, apart=3.0)
MACHINES, NIGHTS = 12, 30
LEARNT = np.full(MACHINES, 14)


def nights(*moves, seed=0):
    """Distances (2, machines, nights) of well machines, and what moves some: (machine or all, per night)."""
    found = np.random.default_rng(seed).normal(size=(2, MACHINES, NIGHTS))
    for machine, per_night in moves:
        found[:, machine] += per_night * np.arange(NIGHTS)
    return found


def within(distances):
    return np.full(distances.shape[1:], "within_chance", dtype="<U14")


def found(distances, tiers=None):
    standing = standing_apart(distances, LEARNT, RULES)
    return growth(within(distances) if tiers is None else tiers, standing, RULES)


def test_well_nights_join_once_their_quarantine_is_over():
    still = found(nights(seed=1))
    assert still.joins[:, :-3].mean() > 0.9 and not still.joins[:, -3:].any()
    assert still.waits[:, -3:].mean() > 0.9 and not still.waits[:, :-3].any() and not still.apart.any()


def test_a_fleet_is_followed_wherever_it_goes_and_its_nights_join_as_if_it_stood_still():
    moving = found(nights((slice(None), 0.5), seed=1))
    assert np.array_equal(moving.joins, found(nights(seed=1)).joins)


def test_a_machine_that_moves_alone_does_not_join_though_each_night_is_within_chance():
    moving = found(nights((3, 0.25), seed=1))
    assert moving.apart.tolist() == [machine == 3 for machine in range(MACHINES)]
    assert not moving.joins[3, 8:].any() and moving.joins[4, 8:-3].mean() > 0.9


def test_one_that_moves_slower_than_the_hold_is_bounded_by_its_anchor():
    distances = np.zeros((2, MACHINES, 400))
    distances[:, 3] = 0.02 * np.arange(400)
    joined = found(distances + np.random.default_rng(0).normal(size=distances.shape)).joins[3]
    assert 0.02 * np.flatnonzero(joined).max() < 2.5


def test_a_fleet_of_four_has_nothing_in_common_and_follows_nothing():
    distances = nights((slice(None), 0.5))[:, :4]
    standing = standing_apart(distances, LEARNT[:4], RULES)
    assert (standing[:, 10:] > RULES.apart).all() and np.isnan(standing[:, :4]).all()


def test_nights_before_an_alarm_and_nights_of_no_known_standing_stay_out():
    distances = nights(seed=1)
    tiers = within(distances)
    tiers[2, 20] = "act"
    assert found(distances, tiers).joins[2, 16:22].tolist() == [True, False, False, False, False, True]
    unknown = distances.copy()
    unknown[:, 5] = np.nan
    assert not found(unknown).joins[5].any() and not found(unknown).waits[5].any()


@pytest.mark.parametrize("tier", ["watch", "not_decided", "maintenance", ""])
def test_a_night_of_another_tier_does_not_join(tier):
    distances = nights(seed=1)
    tiers = within(distances)
    tiers[:, 10] = tier
    assert not found(distances, tiers).joins[:, 10].any() and found(distances, tiers).joins[:, 9].any()


def test_watched_nights_do_not_join_and_new_ones_are_compared_with_them_unless_their_machine_moves_alone():
    distances = nights((3, 0.25), seed=1)
    tiers = within(distances)
    tiers[:, 12] = "watch"
    told = found(distances, tiers)
    assert not told.joins[:, 12].any() and told.compared[:, 12].sum() >= 10 and not told.compared[3, 12]
    assert told.compared.sum() == told.compared[:, 12].sum()


@given(st.sets(st.integers(0, 300)), st.integers(1, 40))
def test_thinned_nights_are_some_of_them_the_newest_half_whole_and_a_second_time_the_same(chosen, most):
    ordered = sorted(chosen)
    kept = thinned(ordered, most)
    assert kept == sorted(set(kept)) and set(kept) <= chosen and len(kept) == min(most, len(ordered))
    assert kept[len(kept) - (most + 1) // 2 :] == ordered[len(ordered) - (most + 1) // 2 :] or len(ordered) <= most
    assert thinned(kept, most) == kept
