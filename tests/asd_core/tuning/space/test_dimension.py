import numpy as np
import pytest

from asd_core.errors import UsageError
from asd_core.tuning.space.dimension import dimension


def test_a_range_has_both_its_ends_and_every_value_as_it_would_be_written():
    values = dimension("encoder.r", {"low": 0.0, "high": 1.1, "step": 0.01}).values
    assert (len(values), values[0], values[3], values[-1]) == (111, 0.0, 0.03, 1.1)
    assert dimension("detector.k", {"low": 1, "high": 8, "step": 3}).values == (1, 4, 7)
    assert dimension("detector.k", {"low": 2, "high": 4, "int": True}).values == (2, 3, 4)


def test_a_range_without_a_step_has_infinitely_many_values():
    assert dimension("encoder.r", {"low": 0.0, "high": 1.0}).values is None


def test_a_grid_has_neighbours_and_a_choice_has_none():
    grid, choice = (dimension("detector.k", {kind: [1, 2]}) for kind in ("grid", "choice"))
    assert grid.values == choice.values == (1, 2) and grid.is_ordered and not choice.is_ordered


def test_logarithmic_ranges_are_drawn_evenly_in_their_logarithm():
    regularisation = dimension("detector.reg_covar", {"low": 1e-6, "high": 1e-2, "log": True})
    drawn = np.log10([regularisation.draw(np.random.default_rng(seed)) for seed in range(2000)])
    counts, _ = np.histogram(drawn, bins=4, range=(-6, -2))
    assert counts.sum() == 2000 and counts.min() > 440


def test_whole_numbers_are_drawn_from_the_whole_range():
    whole = dimension("detector.k", {"low": 1, "high": 16, "log": True, "int": True})
    values = [whole.draw(np.random.default_rng(seed)) for seed in range(300)]
    assert set(values) <= set(range(1, 17)) and np.median(values) < 6


@pytest.mark.parametrize(
    "table", [{"low": 0, "high": float("nan")}, {"low": True, "high": 2}, {"choice": [["a"]]}, "k"]
)
def test_a_dimension_of_something_else_is_refused_with_its_name(table):
    with pytest.raises(UsageError, match="^detector.k"):
        dimension("detector.k", table)


def test_several_numbers_are_one_value_of_a_choice_and_none_of_a_grid():
    both = dimension("encoder.r", {"choice": [1.0, [0.0, 0.9, 1.0]]})
    assert both.values == (1.0, (0.0, 0.9, 1.0)) and not both.is_ordered
    assert dimension("detector.groups", {"choice": [2, 4, "named"]}).values == (2, 4, "named")
    with pytest.raises(UsageError, match="encoder.r: .* several numbers as one value are listed by choice"):
        dimension("encoder.r", {"grid": [[0.0, 1.0]]})
    with pytest.raises(UsageError, match="lists .* twice"):
        dimension("encoder.r", {"choice": [[0.0, 1.0], [0, 1]]})
