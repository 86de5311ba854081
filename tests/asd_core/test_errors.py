import pickle

import pytest

from asd_core.errors import AsdError, ClipError, UsageError, did_you_mean


def test_each_kind_of_failure_has_its_exit_code():
    assert [kind.exit_code for kind in (AsdError, UsageError, ClipError)] == [1, 2, 1]


@pytest.mark.parametrize("transient", [True, False])
def test_a_clip_error_survives_the_trip_between_processes(transient):
    error = pickle.loads(pickle.dumps(ClipError("empty", "the file has no bytes", transient=transient)))
    assert (error.reason, error.message, str(error), error.transient) == (
        "empty",
        "the file has no bytes",
        "the file has no bytes",
        transient,
    )


def test_a_clip_error_lasts_unless_it_says_otherwise():
    assert not ClipError("empty", "").transient


def test_the_nearest_word_is_named_or_all_of_them():
    assert did_you_mean("twfr-gm", ["twfr-gmm", "imported"]) == "; did you mean 'twfr-gmm'?"
    assert did_you_mean("xyz", ["b", "a"]) == "; known: a, b"
