import numpy as np

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.pipeline.borrowed_nights import judge_borrowed
from asd_core.pipeline.decided_nights import GATHERED
from asd_core.pipeline.gathered_nights import GatheredNights
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.alarm_schemas import EVIDENCE
from tests.stored_rows import blank_rows

DATES = [f"2026-11-{day:02d}" for day in range(1, 5)]


def night(p_value, lenders=199, floor=1 / 200):
    given = {"machine_type": ["fan"], "machine_id": ["new"], "clips": [5], "lenders": [lenders]}
    return blank_rows(EVIDENCE, 1, **given, lent_p_value=[p_value], lent_p_floor=[None if p_value is None else floor])


def told(p_values, own=9, answer=None, **options):
    """Told columns of the last of several nights of a new machine beside so many others."""
    tables, gathered = [night(p, **options) for p in p_values], GatheredNights(GATHERED)
    for date, table in zip(DATES, tables, strict=False):
        gathered.add(date, table)
    found = judge_borrowed(gathered, np.full((own, len(p_values)), 0.5), AlarmConfig(false_alarms=0.1))
    return found.told(len(p_values) - 1, DATES, tables[-1].to_pylist()[0], answer)


def test_its_alarms_begin_and_go_on_at_the_level_of_the_whole_fleet():
    first, later = told([0.5, 0.01]), told([0.01, 0.01])
    assert (first["tier"], first["state"], first["since"], first["alarm_level"]) == ("act", "new", DATES[1], 0.01)
    assert (later["state"], later["since"], later["nights_in_alarm"]) == ("continuing", DATES[0], 2)
    assert told([0.01], own=99)["tier"] == "watch" and told([0.5])["tier"] == "within_chance"


def test_it_says_whose_bank_and_how_many_nights_it_has_of_its_own():
    assert told([0.5, 0.5])["sentence"].endswith("Judged by the fan bank: 2 nights of its own so far.")
    assert told([0.5])["pooled_over"] == "fan"


def test_more_unusual_than_all_others_is_watched_however_few_these_are():
    found = told([0.1], lenders=9, floor=0.1)
    assert found["tier"] == "watch" and "more unusual than all 9 others" in found["sentence"]


def test_too_few_others_decide_nothing_and_say_so():
    found = told([None], lenders=4)
    assert (found["tier"], found["p_value"]) == ("not_decided", None)
    assert found["sentence"].startswith("Not decided: 4 others do not tell how far machines differ, 9 are needed.")


def test_a_night_that_a_person_calls_normal_is_no_alarm_and_a_fault_that_is_known_stays_quiet():
    normal, fault = (told([0.01], answer=NightAnswer(word)) for word in ("normal", "fault"))
    assert (normal["tier"], normal["state"], normal["unlabelled_state"]) == ("within_chance", None, "new")
    assert (fault["tier"], fault["state"], fault["acknowledged"]) == ("watch", "new", True)
    assert "Labelled normal" in normal["sentence"] and "Acknowledged as a fault" in fault["sentence"]
