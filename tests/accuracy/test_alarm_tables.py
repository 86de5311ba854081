import numpy as np

from tests.accuracy.alarm_tables import FAULTY, ONSET, delay, faulty_scores, fleet, mean_and_error, table
from tests.accuracy.simulated_scores import scores


def test_a_delay_is_the_median_and_the_share_of_machines_without_an_alarm():
    alarmed = np.array([[False, True], [True, False], [False, False], [True, True]])
    assert delay(alarmed) == "2, 25%"
    assert delay(np.zeros((3, 40), bool)) == "over 40, 100%"


def test_a_mean_has_its_standard_error():
    assert mean_and_error([1, 2, 3]) == "2.0 ± 0.6"


def test_a_table_is_one_of_markdown(capsys):
    table("Title", ["rule", "alarms"], [["plain", "3"]])
    assert capsys.readouterr().out == "\n**Title**\n\n| rule | alarms |\n|---|---|\n| plain | 3 |\n"


def test_faulty_machines_are_well_before_the_fault():
    healthy, faulty = scores(fleet(3)), faulty_scores(3, "all", "severe")
    moved = (healthy != faulty).any(axis=2)
    assert moved[list(FAULTY), ONSET:].all()
    assert not moved[:, :ONSET].any() and not moved[len(FAULTY) :].any()
