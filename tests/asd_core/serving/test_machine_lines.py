"""Machines chosen and put in order, beside a slow twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from asd_core.serving.filters import SORTS, TIERS, Filters
from asd_core.serving.machine_lines import chosen, lines_table, machine_lines, tiers_of
from asd_core.store.alarm_schemas import ALARMS
from tests.stored_rows import blank_rows

KINDS = st.fixed_dictionaries(
    {
        "machine_type": st.sampled_from(["fan", "Pump", "a/b"]),
        "machine_id": st.text("ab0.", max_size=3),
        "tier": st.sampled_from(["act", "watch", "within_chance", "not_decided"]),
        "acknowledged": st.sampled_from([None, False, True]),
        "drifted_by": st.sampled_from([None, -3.0, 1.0]),
        "clips": st.integers(0, 5),
        "flagged": st.integers(0, 5),
        "errors": st.integers(0, 1),
    }
)


def table_of(rows, silent=()):
    given_ = {name: [row[name] for row in rows] for name in (rows[0] if rows else [])}
    return lines_table(blank_rows(ALARMS, len(rows), **given_), silent)


def tier_of(row):
    if row["clips"] is None:
        return "silent"
    quiet = row["tier"] == "watch" and row["acknowledged"]
    names = {"act": "alarm", "watch": "watched", "within_chance": "well", "not_decided": "open"}
    return "acknowledged" if quiet else names[row["tier"]]


def twin(rows, filters):
    """The same, row by row."""
    kept = []
    for place, row in enumerate(rows):
        names = [f"{row['machine_type']}{between}{row['machine_id']}".lower() for between in " /"]
        is_wanted = not filters.tier or tier_of(row) == filters.tier
        is_wanted &= not filters.type or row["machine_type"] == filters.type
        is_wanted &= not filters.drift or row["drifted_by"] is not None
        is_wanted &= not filters.q or any(filters.q.lower() in name for name in names)
        if is_wanted:
            kept.append(place)

    def order(place):
        row = rows[place]
        flagged, clips = row["flagged"] or 0, row["clips"] or 0
        match filters.sort:
            case "name":
                return (row["machine_type"], row["machine_id"])
            case "flagged":
                return (-flagged, -flagged / max(clips, 1))
            case "drift":
                return -abs(row["drifted_by"] or 0.0)
        return 0

    return [(order(place), place) for place in sorted(kept, key=order)]


@settings(max_examples=30)
@given(
    st.lists(KINDS, max_size=12),
    st.builds(
        Filters,
        tier=st.sampled_from(["", *TIERS]),
        type=st.sampled_from(["", "fan", "Pump", "none"]),
        q=st.sampled_from(["", "FAN", "p a", "a/b", ".", "pump/0"]),
        drift=st.booleans(),
        sort=st.sampled_from(list(SORTS)),
    ),
)
def test_machines_are_chosen_as_one_by_one(rows, filters):
    table = table_of(rows, [("fan", "silent")])
    told = table.to_pylist()
    wanted, found = twin(told, filters), chosen(table, filters).tolist()
    assert sorted(found) == sorted(place for _, place in wanted)
    places = dict((place, order) for order, place in wanted)
    assert [places[place] for place in found] == [order for order, _ in wanted]


@settings(max_examples=20)
@given(st.lists(KINDS, max_size=12))
def test_each_machine_is_in_one_tier(rows):
    table = table_of(rows, [("fan", "silent")])
    members = tiers_of(table)
    assert list(members) == list(TIERS) and (sum(one.astype(int) for one in members.values()) == 1).all()
    assert [tier for row in table.to_pylist() for tier in TIERS if tier == tier_of(row)] == [
        next(name for name, one in members.items() if one[place]) for place in range(len(table))
    ]


QUIET = {"tier": "watch", "state": "continuing", "nights_in_alarm": 2, "acknowledged": True, "clips": 3}


@pytest.mark.parametrize(
    ("changes", "words", "is_urgent"),
    [
        ({"tier": "act", "state": "new", "clips": 3}, "in alarm, new", True),
        (QUIET, "acknowledged, second night", True),
        ({"tier": "not_decided", "errors": 2}, "no clip could be scored", False),
        ({"tier": "within_chance", "clips": 3}, "within chance", False),
    ],
    ids=["new", "acknowledged", "errors", "well"],
)
def test_a_machine_is_told_as_in_a_report(changes, words, is_urgent):
    row = {"machine_type": "fan", "machine_id": "0", "sentence": "It is so.", "drifted_by": -2.5}
    table = table_of([row | {"p_value": 0.1, "p_floor": 0.001} | changes])
    (line,) = machine_lines(table, np.array([0]), {("fan", "0"): Markup("N")}, "")
    assert (line.status.words, line.is_urgent, line.letters) == (words, is_urgent, "N")
    assert (line.drift, line.sentence) == ("drifted by −2.5 deviations", "It is so.")
    assert line.rarity == "1 night in 10"


def test_a_machine_in_maintenance_says_so():
    row = {"machine_type": "fan", "machine_id": "0", "clips": 3, "tier": "not_decided", "sentence": "It is so."}
    for label, says in (("maintenance", True), (None, False)):
        (line,) = machine_lines(table_of([row | {"label": label}]), np.array([0]), {}, "")
        assert line.has_sentence is says and line.status.words == "not decided"


def test_a_silent_machine_has_a_line_without_figures():
    (line,) = machine_lines(table_of([], [("fan", "0")]), np.array([0]), {}, "k")
    assert line.status.words == "silent" and line.link == "/machines/fan/0?key=k" and not line.scored
