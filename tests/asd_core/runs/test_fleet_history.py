import numpy as np
import pytest

from asd_core.pages.fleet.contents import LETTERS
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.runs.alarm_marks import told_by
from asd_core.runs.fleet_history import fleet_history
from asd_core.store.alarm_schemas import ALARMS
from asd_core.store.alarm_tables import KeptNight
from asd_core.store.local_files import LocalFiles
from asd_core.store.store import Store
from tests.fleet import KNN
from tests.stored_rows import blank_rows

CONFIG, DATES = AlarmConfig(false_alarms=0.5), ["2026-11-01", "2026-11-02", "2026-11-03"]


def night(*machines, config=CONFIG, quiet=False):
    """(id, tier, state, p, nights in alarm, drift) of each fan, and marks of a rule; alarms may be acknowledged."""
    ids, tiers, states, p_values, lasted, drifted = (list(column) for column in zip(*machines, strict=True))
    given = {"tier": tiers, "p_value": p_values, "nights_in_alarm": lasted, "drifted_by": drifted}
    given |= {"p_floor": [0.001] * len(ids), "clips": [0 if one == "not_decided" else 5 for one in tiers]}
    given |= {"errors": [1 if one == "not_decided" else 0 for one in tiers], "flagged": [2] * len(ids)}
    given |= {"state": states, "unlabelled_state": states, "acknowledged": [one and quiet for one in states]}
    rows = blank_rows(ALARMS, len(ids), machine_type=["fan"] * len(ids), machine_id=ids, **given)
    return KeptNight(rows, {"decided": "d", **told_by(config, [], {}, "")})


WELL = ("a", "within_chance", None, 0.5, 0, None)


@pytest.fixture
def store(tmp_path):
    return Store(LocalFiles(tmp_path))


def kept(store, *nights):
    for date, one in zip(DATES, nights, strict=False):
        store.keep_alarms(KNN.key(), date, one)
    return fleet_history(store, KNN, DATES, CONFIG)


def test_each_machine_has_a_letter_a_night_whatever_the_order_of_the_rows(store):
    first = night(WELL, ("b", "act", "new", 0.001, 1, None), ("c", "watch", None, 0.01, 0, None))
    second = night(("c", "within_chance", "cleared", 0.3, 0, None), ("b", "act", "continuing", 0.2, 2, None), WELL)
    third = night(("d", "not_decided", None, None, 0, None), ("b", "act", "continuing", 0.2, 3, 1.5))
    fleet = kept(store, first, second, third)
    rows = zip(fleet.machines, fleet.cells, strict=True)
    drawn = {name: "".join(LETTERS[cell] for cell in row) for (_, name), row in rows}
    assert drawn == {"a": "··-", "b": "NAA", "c": "WC-", "d": "--E"}
    assert fleet.nights_in_alarm.tolist() == [0, 3, 0, 0] and fleet.drifts.sum() == 1
    assert np.isnan(fleet.drifted_by).tolist() == [True, False, True, True]


def test_a_night_is_counted_and_expects_alarms_of_machines_that_are_in_none(store):
    fleet = kept(store, night(WELL, ("b", "act", "new", 0.001, 1, None), ("c", "act", "continuing", 0.001, 2, None)))
    first, second, _ = fleet.nights
    assert (first.heard, first.clips, first.flagged, first.errors) == (3, 15, 6, 0)
    assert first.expected == pytest.approx(0.5 * 2 / 3) and (second.heard, second.expected) == (0, 0.0)
    assert fleet.past.observed == 1


def test_an_acknowledged_alarm_has_a_letter_of_its_own_and_counts_as_observed(store):
    fleet = kept(store, night(WELL, ("b", "watch", "new", 0.001, 1, None), quiet=True))
    assert LETTERS[fleet.cells[1, 0]] == "K" and fleet.past.observed == 1


def test_alarms_of_another_rule_or_of_other_scores_are_left_out(store):
    other = night(WELL, config=AlarmConfig(false_alarms=3))
    unmarked = KeptNight(night(WELL).rows, {"decided": "d"})
    assert [one.heard for one in kept(store, other, night(WELL), unmarked).nights] == [0, 1, 0]
