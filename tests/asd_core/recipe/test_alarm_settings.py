import pytest

from asd_core.errors import UsageError
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.recipe.recipe import Recipe


def test_one_false_alarm_a_week_is_the_default():
    assert AlarmConfig().false_alarms == pytest.approx(1 / 7, abs=1e-6)
    assert AlarmConfig(drift=0).drift == 0  # which tells no shift apart


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"false_alarms": 0}, "false_alarms = 0"),
        ({"rule": "count"}, "rule = 'count'"),
        ({"persistence": [3, 2]}, r"persistence = \[3, 2\]: must be \[m, n\]"),
        ({"persistence": [1]}, "m of n nights in a row"),
        ({"clear_after": 0}, "clear_after = 0"),
        ({"least_nights": 4}, "least_nights = 4: must be a whole number, 5 or more"),
        ({"watch": 1.0}, "watch = 1.0"),
        ({"drift": -0.1}, "drift = -0.1"),
    ],
)
def test_values_that_cannot_be_are_refused_in_one_line(given, said):
    with pytest.raises(UsageError, match=said):
        Recipe("mine", {"alarm": given})


def test_an_ensemble_has_its_own():
    members = {"a": {"recipe": "twfr-knn"}, "b": {"recipe": "twfr-gmm"}}
    recipe = Recipe("both", {"ensemble": {"members": members}, "alarm": {"clear_after": 4}})
    assert recipe.for_machine("fan").alarm.clear_after == 4
    assert recipe.with_settings({"alarm.rule": "bh"}).key() == recipe.key()
