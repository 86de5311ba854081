import numpy as np
import pytest

from asd_core.errors import UsageError
from asd_core.tuning.space.proposals import ROUND, proposals
from asd_core.tuning.space.space import new_space

SPACE = new_space({"encoder.r": {"low": 0.0, "high": 1.1, "step": 0.01}, "detector.k": {"grid": [1, 2, 4, 16]}})
MIXED = new_space(
    {
        "detector.kind": {"choice": ["memory_bank", "gmm"]},
        "detector.k": {"low": 1, "high": 64, "log": True, "int": True},
        "detector.reg_covar": {"low": 1e-6, "high": 1e-2, "log": True},
        "embedding.transform": {"choice": ["none", "log-zscore"]},
    }
)


def rounds(space, count, seed=0, name="fan", worth=lambda setting: setting["encoder.r"]):
    """All rounds of a TPE search."""
    asked, objectives, found = proposals(space, "tpe", count, seed, name), [], []
    while batch := asked.next_round(objectives):
        found.append(batch)
        objectives += [worth(setting) for setting in batch]
    return found


def test_a_grid_is_proposed_at_once_in_the_order_of_the_space():
    grid = proposals(SPACE, "grid", None, 0, "fan")
    settings = grid.next_round([])
    assert len(settings) == grid.total == 444 and settings[1] == {"encoder.r": 0.0, "detector.k": 2}
    assert grid.next_round([0.5] * 444) == []


def test_settings_that_come_to_one_recipe_are_proposed_once():
    kinds = {"detector.kind": {"choice": ["memory_bank", "gmm"]}, "detector.k": {"grid": [1, 2, 4]}}
    settings = proposals(new_space(kinds), "grid", None, 0, "fan").next_round([])
    assert settings == [{"detector.kind": "memory_bank", "detector.k": k} for k in (1, 2, 4)] + [
        {"detector.kind": "gmm"}
    ]


def test_random_settings_are_distinct_and_the_seed_s():
    one, again, other = (proposals(SPACE, "random", 50, seed, "x").next_round([]) for seed in (0, 0, 1))
    assert one == again != other and len({tuple(s.values()) for s in one}) == 50


def test_tpe_proposes_rounds_of_settings_it_has_not_proposed_before():
    found = rounds(SPACE, 40)
    assert [len(batch) for batch in found] == [ROUND, ROUND, 8]
    assert len({tuple(setting.values()) for batch in found for setting in batch}) == 40


def test_tpe_depends_on_seed_scope_and_results_alone():
    assert rounds(SPACE, 40) == rounds(SPACE, 40)
    assert rounds(SPACE, 40)[0] != rounds(SPACE, 40, seed=1)[0]
    assert rounds(SPACE, 40)[0] != rounds(SPACE, 40, name="pump")[0]
    low = rounds(SPACE, 40, worth=lambda setting: -setting["encoder.r"])
    assert rounds(SPACE, 40)[0] == low[0] and rounds(SPACE, 40)[1] != low[1]


def test_tpe_goes_where_the_objective_is_high():
    found = rounds(SPACE, 4 * ROUND)
    first, last = (np.mean([setting["encoder.r"] for setting in batch]) for batch in (found[0], found[-1]))
    assert last > first + 0.2


def test_random_takes_as_many_settings_as_it_is_told_where_kinds_come_to_the_same_recipe():
    space = new_space(
        {"detector.kind": {"choice": ["memory_bank", "gmm"]}, "detector.k": {"low": 1, "high": 15, "step": 1}}
    )
    for count in (11, 15, 16):
        settings = proposals(space, "random", count, 0, "x").next_round([])
        assert len({tuple(setting.items()) for setting in settings}) == len(settings) == count
    assert proposals(space, "random", 99, 0, "x").total == 16


def test_tpe_ends_when_a_small_space_is_exhausted():
    small = new_space({"encoder.r": {"grid": [0.5, 1.0]}, "detector.k": {"grid": [1, 2]}})
    assert sum(map(len, rounds(small, 100))) == 4


def test_tpe_that_keeps_to_what_it_knows_goes_on_at_random_and_always_alike():
    space = new_space({"encoder.r": {"low": 0.0, "high": 1.1, "step": 0.05}, "detector.k": {"grid": [1, 2]}})
    found = rounds(space, 44)
    assert sum(map(len, found)) == 44 and max(map(len, found)) == ROUND
    assert len({tuple(setting.values()) for batch in found for setting in batch}) == 44
    assert found == rounds(space, 44)


def test_tpe_takes_failures_and_fields_of_all_forms():
    found = rounds(MIXED, 40, worth=lambda setting: np.nan if setting["detector.kind"] == "gmm" else 0.5)
    settings = [setting for batch in found for setting in batch]
    assert len(settings) == 40
    for setting in settings:
        assert ("detector.k" in setting) == (setting["detector.kind"] == "memory_bank")
        assert 1 <= setting.get("detector.k", 1) <= 64 and isinstance(setting.get("detector.k", 1), int)
        assert 1e-6 <= setting.get("detector.reg_covar", 1e-6) <= 1e-2


@pytest.mark.parametrize(
    ("space", "method", "count", "message"),
    [
        (SPACE, "grid", 10, "--settings is for --search random and tpe"),
        (SPACE, "tpe", None, "add --settings N"),
        (SPACE, "random", None, "add --settings N"),
        (MIXED, "grid", None, "has no grid: give its ranges a step"),
        (
            new_space({f"encoder.{n}": {"low": 0, "high": 9_999, "step": 1} for n in ("a", "b")}),
            "grid",
            None,
            "the grid has 100,000,000 settings",
        ),
    ],
)
def test_searches_without_an_end_are_refused(space, method, count, message):
    with pytest.raises(UsageError, match=message):
        proposals(space, method, count, 0, "fan")
