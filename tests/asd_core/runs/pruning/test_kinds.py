from datetime import timedelta

from asd_core.runs.pruning.kinds import BY_NAME, LEAST, USUAL


def test_a_kind_is_either_usual_or_asked_for_by_name():
    assert not USUAL.keys() & BY_NAME.keys() and timedelta(days=1) <= LEAST
