import math
from dataclasses import replace

import pytest

from asd_core.alarms.sentences import JudgedNight, ordinal, rarity, sentence

NIGHT = JudgedNight("act", "new", 1 / 4210, 1 / 14000, 1 / 1400, 1 / 3000, 0.2, 5, 1, 14, 7)
UNKNOWN = replace(NIGHT, tier="not_decided", state="", p_value=math.nan, p_floor=math.nan)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "New alarm: 1 night in 4,200 of a well machine is as unusual; its clips lie high on the whole."),
        (
            {"state": "continuing", "nights_in_alarm": 3, "p_mean": 0.3},
            "Alarm, third night in a row: 1 night in 4,200 of a well machine is as unusual; its worst clip stands out.",
        ),
        (
            {"state": "continuing", "nights_in_alarm": 8, "p_value": 1 / 14000, "settled": True},
            "Alarm, eighth night in a row: less than 1 night in 14,000 of a well machine is as unusual; its clips lie "
            "high on the whole. Steady for a week: mend it, or fit again if all is well.",
        ),
        (
            {"p_value": 1 / 14000},
            "New alarm: less than 1 night in 14,000 of a well machine is as unusual; its clips lie high on the whole.",
        ),
        (
            {"state": "continuing", "p_value": 0.5, "nights_in_alarm": 3},
            "Alarm, third night, not yet over: "
            "tonight alone is no alarm, 1 night in 2 of a well machine is as unusual.",
        ),
        (
            {"tier": "watch", "state": "", "p_value": 0.008},
            "Watched, no alarm: 1 night in 120 of a well machine is as unusual; its clips lie high on the whole.",
        ),
        (
            {"tier": "watch", "state": "", "p_value": 1 / 15, "p_floor": 1 / 15, "level": 1 / 30},
            "Watched: as unusual as the nights learnt can show, 1 night in 15. "
            "An alarm needs 1 night in 30: learn from more nights.",
        ),
        (
            {"tier": "within_chance", "state": "", "p_value": 0.4},
            "Within chance: 1 night in 2.5 of a well machine is as unusual.",
        ),
        (
            {"tier": "within_chance", "state": "", "p_value": 1 / 11, "p_floor": 1 / 11, "level": 1 / 30},
            "Within chance: 1 night in 11 of a well machine is as unusual, and the nights learnt can show nothing "
            "rarer: learn from more nights.",
        ),
        (
            {"tier": "within_chance", "state": "cleared", "p_value": 1.0},
            "The alarm is over. Within chance: 1 night in 1 of a well machine is as unusual.",
        ),
    ],
)
def test_a_night_is_said_in_one_sentence(changed, expected):
    assert sentence(replace(NIGHT, **changed)) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"clips": 0}, "Not decided: no clip of this night could be scored."),
        ({"calibration_nights": 0}, "Not decided: no normal night was learnt, 7 are needed."),
        ({"calibration_nights": 1}, "Not decided: 1 normal night was learnt, 7 are needed."),
        ({"calibration_nights": 6}, "Not decided: 6 normal nights were learnt, 7 are needed."),
        (
            {"calibration_nights": 10},
            "Not decided: the 10 normal nights learnt are all alike, so they do not tell how far nights differ.",
        ),
    ],
)
def test_a_night_that_is_not_decided_says_why(changed, expected):
    assert sentence(replace(UNKNOWN, **changed)) == expected


def test_nights_in_a_row_are_counted_in_words_up_to_ten():
    assert [ordinal(number) for number in (1, 3, 10, 11, 13, 21, 22, 111, 124)] == [
        *("first", "third", "tenth", "11th", "13th", "21st", "22nd", "111th", "124th")
    ]


def test_a_rarity_at_the_smallest_p_says_that_it_may_be_smaller():
    assert [rarity(p, 1 / 450) for p in (1 / 450, 1 / 92, math.nan)] == [
        *("less than 1 night in 450", "1 night in 92", "")
    ]
