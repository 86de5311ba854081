import numpy as np
import pytest

from asd_core.tuning.space.distinct_settings import DistinctSettings
from asd_core.tuning.space.setting import relevant_fields, setting_text
from asd_core.tuning.space.space import new_space

KINDS = {"choice": ["memory_bank", "gmm"]}
SPACE = new_space(
    {
        "encoder.r": {"grid": [0.5, 1.0]},
        "detector.k": {"grid": [1, 2, 4]},
        "detector.kind": KINDS,
        "detector.n_components": {"low": 1, "high": 4, "int": True},
    }
)


def texts(settings):
    return [setting_text(setting) for setting in settings]


def test_settings_are_those_of_the_grid_that_come_to_different_recipes():
    every = texts(DistinctSettings(SPACE).every())
    assert len(every) == DistinctSettings(SPACE).count == 2 * (3 + 4)
    assert set(every) == set(texts(map(relevant_fields, SPACE.grid())))


@pytest.mark.parametrize(
    ("fields", "count"),
    [
        ({"detector.k": {"low": 1, "high": 8, "log": True, "int": True}}, 8),
        ({"encoder.f_min": {"low": 20.0, "high": 20.0}, "detector.k": {"grid": [1, 2]}}, 2),
        ({"detector.reg_covar": {"low": 1e-6, "high": 1e-2, "log": True}}, None),
        ({"detector.kind": KINDS, "detector.reg_covar": {"low": 1e-6, "high": 1e-2}}, None),
    ],
)
def test_a_space_is_finite_where_every_field_is(fields, count):
    assert DistinctSettings(new_space(fields)).count == count


@pytest.mark.parametrize("count", [0, 1, 13, 14, 20])
def test_so_many_are_drawn_or_all_that_there_are(count):
    some = texts(DistinctSettings(SPACE).some(count, np.random.default_rng(0)))
    assert len(some) == len(set(some)) == min(count, 14)
    assert some == texts(DistinctSettings(SPACE).some(count, np.random.default_rng(0)))


def test_what_is_taken_is_not_drawn_again():
    taken = set(texts(DistinctSettings(SPACE).some(10, np.random.default_rng(0))))
    left = set(texts(DistinctSettings(SPACE).some(9, np.random.default_rng(1), taken)))
    assert len(left) == 4 and not left & taken


def test_settings_that_are_hardly_ever_drawn_are_found_too():
    space = new_space({"detector.kind": KINDS, "detector.k": {"low": 1, "high": 3000, "step": 1}})
    some = DistinctSettings(space).some(
        2, np.random.default_rng(0), set(texts(list(DistinctSettings(space).every())[2:]))
    )
    assert [setting["detector.k"] for setting in sorted(some, key=setting_text)] == [1, 2]


def test_of_infinitely_many_settings_as_many_are_drawn_as_are_asked_for():
    space = new_space({"detector.kind": KINDS, "detector.reg_covar": {"low": 1e-6, "high": 1e-2}})
    some = DistinctSettings(space).some(50, np.random.default_rng(0))
    assert len(set(texts(some))) == 50 and {"detector.kind": "memory_bank"} in some
