"""The order of trials."""

from itertools import islice

from tests.chaos.jobs import JOBS
from tests.chaos.trials import kinds, trials


def test_a_seed_gives_the_same_trials_and_all_jobs_take_turns():
    first, again, other = (list(islice(trials(seed), 200)) for seed in (0, 0, 1))
    assert first == again != other
    assert [trial.job for trial in first[: len(JOBS)]] == list(JOBS)


def test_every_target_and_disturbance_is_drawn():
    drawn = list(islice(trials(0), 2000))
    for field, place in (("engine", 1), ("place", 2), ("target", 3), ("disturbance", 4)):
        assert {getattr(trial, field) for trial in drawn} == {kind[place] for kind in kinds()}
