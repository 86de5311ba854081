"""On small fleets: a fixed bank flags ever more, one that grows does not, and what moves alone is not learnt."""

from dataclasses import replace

import pytest

from tests.accuracy.drifting_embeddings import DriftingFleet, SlowFault
from tests.accuracy.fleet_life import figures

pytestmark = pytest.mark.slow

SMALL = DriftingFleet(machines=8, nights=35, seed=3)


@pytest.fixture(scope="module")
def drifting():
    return {kind: figures(kind, replace(SMALL, season=2.0)) for kind in ("fixed", "update")}


def test_a_bank_that_grows_flags_fewer_clips_of_a_drifting_fleet(drifting):
    assert drifting["fixed"].late > 0.15 and drifting["update"].late < 0.8 * drifting["fixed"].late


def test_a_machine_that_moves_alone_is_learnt_by_a_naive_bank_and_not_by_the_rules():
    fault = (SlowFault(2, 5, 0.3),)
    naive, update = (figures(kind, SMALL, fault) for kind in ("naive", "update"))
    assert naive.learnt == 1.0 and update.learnt < 0.3
    assert update.told[0] <= update.delays[0] and update.told[0] < 30
