"""The simulated drift is what it says, in deviations of a clip."""

import numpy as np

from tests.accuracy.drifting_embeddings import DriftingFleet, SlowFault, embeddings

STILL = DriftingFleet(machines=8, seed=3)


def means(fleet, *faults):
    """Mean of each night's clips, (machines, nights, dimensions)."""
    return embeddings(fleet, faults).mean(axis=2)


def test_learnt_nights_are_the_same_whatever_moves_later():
    moved = DriftingFleet(machines=8, seed=3, season=4, change=2)
    assert np.array_equal(embeddings(STILL)[:, :14], embeddings(moved, (SlowFault(0, 0, 1.0),))[:, :14])


def test_a_season_takes_each_machine_one_way_and_the_middle_one_as_far_as_it_says():
    fleet = DriftingFleet(machines=200, seed=3, season=4)
    gone = means(fleet) - means(DriftingFleet(machines=200, seed=3))
    far = np.linalg.norm(gone[:, -1], axis=1)
    assert np.allclose(np.linalg.norm(gone[:, 43], axis=1), far / 2, atol=1e-3) and 3.5 < np.median(far) < 4.5
    cosines = (gone[:, -1] @ gone[:, -1].T) / np.outer(far, far)
    assert 0.7 < np.median(cosines) < 0.95


def test_a_fault_moves_its_machine_alone_grows_evenly_and_ends():
    gone = np.linalg.norm(means(STILL, SlowFault(2, 10, 0.5, most=3.0)) - means(STILL), axis=2)
    assert np.allclose(np.delete(gone, 2, axis=0), 0, atol=1e-5)
    assert np.allclose(gone[2, 23:31], [0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.0], atol=1e-3)


def test_a_change_of_gain_moves_all_machines_alike_from_its_night_on():
    gone = np.linalg.norm(means(DriftingFleet(machines=8, seed=3, change=2.0)) - means(STILL), axis=2)
    assert np.allclose(gone[:, :44], 0, atol=1e-5) and np.allclose(gone[:, 44:], 2.0, atol=1e-3)
