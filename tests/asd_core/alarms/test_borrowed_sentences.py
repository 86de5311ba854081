from dataclasses import replace

import pytest

from asd_core.alarms.borrowed_sentences import BorrowedNight, borrowed_sentence

NIGHT = BorrowedNight("act", "new", 0.005, 0.005, "fan", 199, 9, 1, 3)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "New alarm: 1 night in 200 of another well fan is as unusual."),
        ({"state": "continuing", "nights_in_alarm": 3}, "Alarm, night 3: 1 night in 200 of another well fan"),
        ({"tier": "watch", "state": ""}, "Watched, no alarm: more unusual than all 199 others."),
        ({"tier": "watch", "state": "", "p_value": 0.01}, "Watched, no alarm: 1 night in 100 of another well fan"),
        (
            {"tier": "within_chance", "state": "cleared", "p_value": 0.5},
            "The alarm is over. Within chance: 1 night in 2",
        ),
        ({"tier": "not_decided", "lenders": 4}, "Not decided: 4 others do not tell how far machines differ, 9 are"),
    ],
)
def test_each_tier_has_its_words_and_says_whose_bank_it_is(changes, expected):
    said = borrowed_sentence(replace(NIGHT, **changes))
    assert said.startswith(expected) and said.endswith("Judged by the fan bank: 3 nights of its own so far.")


def test_one_night_is_one():
    assert "1 night of its own so far" in borrowed_sentence(replace(NIGHT, own_nights=1))
