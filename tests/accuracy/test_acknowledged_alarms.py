import numpy as np

from asd_core.alarms.episodes import Episodes
from asd_core.alarms.labelled_nights import LabelledNights
from tests.accuracy.acknowledged_alarms import labelled, nights_to_return
from tests.accuracy.alarm_tables import faulty_scores


def one_machine(states, quiet):
    """Nights in a letter each: new, continuing, over; quiet ones in q."""
    words = {"n": "new", "c": "continuing", "o": "cleared", ".": ""}
    table = np.array([[words[letter] for letter in states]])
    blank = np.zeros(table.shape, np.int64)
    marked = np.array([[letter == "q" for letter in quiet]])
    return LabelledNights(Episodes(table, blank, blank), table, marked, {})


def test_an_alarm_that_is_back_is_counted_in_nights_from_its_label():
    found = one_machine("ncccco", "qqq---")
    assert nights_to_return(found, {0: 0}).tolist() == [3]
    assert nights_to_return(found, {0: 0}, since=2).tolist() == [2]
    assert np.isnan(nights_to_return(found, {0: 0}, since=4)).all()


def test_an_alarm_that_ends_is_never_back():
    assert nights_to_return(one_machine("nconcc", "qq----"), {0: 0}).tolist() == [np.inf]


def test_alarms_are_labelled_on_their_first_night():
    alone, found, night_of = labelled(faulty_scores(0, "all", "severe"))
    assert night_of and all(alone.episodes.states[place] == "new" for place in night_of.items())
    assert all(found.acknowledged[place] for place in night_of.items())
