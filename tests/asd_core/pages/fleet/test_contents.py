import numpy as np

from asd_core.alarms.past_alarms import PastAlarms
from asd_core.pages.fleet.contents import LETTERS, MEANINGS, Cell, evidence_codes
from tests.asd_core.pages.fleet.histories import history


def test_every_cell_has_a_letter_of_its_own_and_words():
    assert len(set(LETTERS)) == len(set(MEANINGS)) == len(LETTERS) == len(Cell)


def test_p_comes_back_from_its_code_to_two_digits():
    p_values = np.geomspace(1, 1e-12, 500)
    assert np.allclose(10 ** (evidence_codes(p_values) / -100), p_values, rtol=0.012)


def test_counts_of_a_night_tell_machines_heard_and_judged():
    night = history({("fan", "1"): "N", ("fan", "2"): "?", ("fan", "3"): "-", ("fan", "4"): "E"}).nights[0]
    assert (night.heard, night.judged, night.number(Cell.NEW)) == (3, 1, 1)


def test_alarms_are_compared_over_the_nights_on_which_something_was_judged():
    fleet = history({("fan", "1"): "NA?", ("fan", "2"): "·N?"})
    assert fleet.past == PastAlarms(nights=2, observed=2, expected=0.4)
