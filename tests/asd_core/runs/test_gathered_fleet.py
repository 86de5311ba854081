"""Nights that come in any order, and again."""

import numpy as np

from asd_core.pages.fleet.contents import LETTERS
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.runs.gathered_fleet import GatheredFleet
from asd_core.store.alarm_schemas import ALARMS
from tests.stored_rows import blank_rows

TIERS = {"N": ("act", "new"), "W": ("watch", None), "·": ("within_chance", None)}


def night(letters, flagged=0, drifted=None):
    """(id → letter) of fans."""
    tiers, states = zip(*(TIERS[letter] for letter in letters.values()), strict=True)
    count = len(letters)
    given = {"tier": list(tiers), "state": list(states), "unlabelled_state": list(states), "p_value": [0.5] * count}
    given |= {"p_floor": [0.001] * count, "clips": [5] * count, "flagged": [flagged] * count}
    given |= {"drifted_by": [drifted] * count, "nights_in_alarm": [1 if one == "act" else 0 for one in tiers]}
    return blank_rows(ALARMS, count, machine_type=["fan"] * count, machine_id=list(letters), **given)


def drawn(fleet):
    rows = zip(fleet.machines, fleet.cells, strict=True)
    return {name: "".join(LETTERS[cell] for cell in row) for (_, name), row in rows}


def gathered(**nights):
    fleet = GatheredFleet()
    for date, rows in nights.items():
        fleet.add(date, rows, AlarmConfig())
    return fleet


def test_the_order_of_adding_changes_nothing_of_a_machine():
    first, second = night({"a": "·", "b": "N"}), night({"c": "W", "b": "·"})
    one, other = gathered(d1=first, d2=second), gathered(d2=second, d1=first)
    assert drawn(one.history("r", "k", ["d1", "d2"])) == drawn(other.history("r", "k", ["d1", "d2"]))
    assert drawn(one.history("r", "k", ["d1", "d2"])) == {"a": "·-", "b": "N·", "c": "-W"}


def test_a_night_that_is_added_again_replaces_itself_and_a_dropped_one_is_blank():
    fleet = gathered(d1=night({"a": "N"}, flagged=2), d2=night({"a": "N"}))
    fleet.add("d1", night({"a": "·"}, flagged=1), AlarmConfig())
    assert drawn(fleet.history("r", "k", ["d1", "d2"])) == {"a": "·N"} and fleet.flagged(0, ["d1", "d2"]) == [1, 0]
    fleet.drop(["d2", "never"])
    assert drawn(fleet.history("r", "k", ["d1", "d2"])) == {"a": "·-"} and fleet.flagged(0, ["d2", "d9"]) == [0, 0]


def test_the_newest_night_alone_tells_of_drift_and_of_alarms_that_last():
    fleet = gathered(d1=night({"a": "N"}, drifted=1.5), d2=night({"a": "·", "b": "N"}))
    early, late = fleet.history("r", "k", ["d1"]), fleet.history("r", "k", ["d1", "d2"])
    assert early.drifted_by[0] == 1.5 and np.isnan(late.drifted_by).all() and late.drifts.tolist()[0] == [True, False]
    assert early.nights_in_alarm.tolist() == [1, 0] and late.nights_in_alarm.tolist() == [0, 1]
