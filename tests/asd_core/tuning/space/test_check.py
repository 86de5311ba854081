import pytest

from asd_core.errors import UsageError
from asd_core.tuning.space.check import check_enough_clips
from asd_core.tuning.space.space import new_space

COUNTS = [("fan", "00", 24), ("pump", "00", 24)]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"detector.k": {"grid": [1, 25]}}, "detector.k goes up to 25, but fan 00 has only 24 normal clips for a bank"),
        ({"detector.k": {"low": 1, "high": 300, "int": True, "log": True}}, "detector.k goes up to 300"),
        ({"detector.density_k": {"grid": [24]}}, "only 23 normal clips"),
        ({"detector.n_components": {"grid": [25]}}, "for a mixture"),
    ],
)
def test_more_neighbours_than_a_bank_has_clips_are_refused_in_one_line(table, message):
    with pytest.raises(UsageError, match=message) as caught:
        check_enough_clips(new_space(table).dimensions, COUNTS)
    assert caught.value.exit_code == 2 and "\n" not in str(caught.value)
    check_enough_clips(new_space({"detector.k": {"grid": [24]}, "encoder.r": {"grid": [0, 2]}}).dimensions, COUNTS)
