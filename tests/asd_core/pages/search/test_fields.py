import pytest

from asd_core.pages.search.fields import curve_field, numbers, text_of, texts
from tests.asd_core.pages.search.spaces import FINE, KINDS
from tests.asd_core.tuning.outcomes import scope_of


def test_the_values_of_a_number_are_in_order():
    scope = scope_of(FINE, machines=1)
    assert [len(numbers(scope, field)) for field in scope.dimensions] == [501, 2]
    assert texts(scope, scope.dimensions[1]) == ["1", "2"]


def test_merely_different_values_are_no_numbers_and_keep_the_order_of_the_space():
    scope = scope_of(KINDS)
    kind = scope.dimensions[0]
    assert (numbers(scope, kind), texts(scope, kind)) == ([], ["memory_bank", "kmeans"])
    assert curve_field(scope) is None


def test_settings_lie_along_r_where_it_is_searched_and_else_along_the_most_values():
    assert curve_field(scope_of()).name == "encoder.r"
    others = {"detector.k": {"grid": [1, 2, 3]}, "detector.n_components": {"grid": [1, 2, 4, 8]}}
    assert curve_field(scope_of(others)).name == "detector.n_components"


@pytest.mark.parametrize(("value", "text"), [(True, "true"), (0.95, "0.95"), (1e-6, "1e-06"), ("a", "a"), (None, "–")])
def test_a_value_is_written_short(value, text):
    assert text_of(value) == text
