import numpy as np
import pytest

from tests.accuracy.simulated_scores import RARE_SHARE, Fault, Fleet, scores


def z_of(found):
    """Ranks of a machine's scores as normal deviates, which no growing curve changes."""
    from scipy.stats import norm, rankdata

    flat = found.reshape(len(found), -1)
    return norm.ppf(rankdata(flat, axis=1) / (flat.shape[1] + 1)).reshape(found.shape)


@pytest.mark.parametrize("night_effects", [0.0, 1.0])
def test_nights_lie_as_far_apart_as_asked_for(night_effects):
    z = z_of(scores(Fleet(100, 200, 5, night_effects)))
    within = z.var(axis=2, ddof=1).mean()
    between = z.mean(axis=2).var(axis=1, ddof=1).mean() - within / 5
    assert between / within == pytest.approx(night_effects, abs=0.1)


def test_a_fault_of_all_clips_moves_them_and_a_rare_one_a_fifth_of_them():
    fleet = Fleet(40, 40, 10, 0.0)
    healthy = scores(fleet)
    for kind, share in (("all", 1.0), ("rare", RARE_SHARE)):
        faulty = scores(fleet, (Fault((0, 1), 20, kind, "severe"),))
        moved = faulty != healthy
        assert not moved[2:].any() and not moved[:, :20].any()
        assert moved[:2, 20:].mean() == pytest.approx(share, abs=0.05)


def test_a_change_of_the_fleet_moves_every_machine_from_its_night_on():
    fleet = Fleet(10, 10, 3)
    assert ((scores(fleet, (), {5: 1.0}) > scores(fleet)) == (np.arange(10) >= 5)[None, :, None]).all()


def test_a_drift_is_none_in_the_first_night_and_differs_between_machines():
    still, drifting = scores(Fleet(50, 31, 2)), scores(Fleet(50, 31, 2, drift=1.0))
    assert np.array_equal(still[:, 0], drifting[:, 0])
    assert 10 < (drifting[:, 30] > still[:, 30]).all(axis=1).sum() < 40
