import csv
import io
import json

from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.store.alarm_schemas import ALARMS
from tests.stored_rows import blank_rows


def summary(*nights, **given):
    """Of (machine id, tier, state)."""
    ids, tiers, states = (list(column) for column in zip(*nights, strict=True)) if nights else ([], [], [])
    said = [f"Not decided: why {name}." if tier == "not_decided" else f"Said of {name}." for name, tier, _ in nights]
    kinds = ["fan"] * len(ids)
    rows = blank_rows(
        ALARMS, len(ids), machine_type=kinds, machine_id=ids, tier=tiers, state=states, sentence=said, **given
    )
    return AlarmSummary("2026-11-19", rows, AlarmConfig())


NEW, OLD, OVER = ("1", "act", "new"), ("2", "act", "continuing"), ("3", "within_chance", "cleared")
WATCHED, WELL, UNKNOWN = ("4", "watch", None), ("5", "within_chance", None), ("6", "not_decided", None)


def test_the_sentence_on_top_counts_alarms_alone():
    assert summary(NEW, OLD, WATCHED, WELL, UNKNOWN).headline() == (
        "2 machines of 4 are in alarm (1 new, 1 continuing); if all were well, 0.14 a night would be."
    )
    assert summary(NEW, WELL).headline().startswith("1 machine of 2 is in alarm (1 new)")


def test_a_healthy_night_says_that_nothing_is_to_be_done():
    start = "Nothing to do: no machine is in alarm. "
    assert summary(WATCHED, WELL).headline() == f"{start}2 machines judged, 1 watched."
    assert summary(OVER, UNKNOWN).headline() == f"{start}1 machine judged, 1 not decided."


def test_an_acknowledged_alarm_is_counted_apart_from_the_watched():
    told = summary(WATCHED, ("7", "watch", "continuing"), WELL, acknowledged=[None, True, None]).headline()
    assert told.endswith("3 machines judged, 1 acknowledged, 1 watched.")


def test_a_night_with_a_shift_or_drift_does_not_say_that_nothing_is_to_be_done():
    for given in ({"fleet_shift": [1.3]}, {"drifted_by": [2.0]}):
        assert summary(WELL, **given).headline() == "No machine is in alarm. 1 machine judged."


def test_where_nothing_can_be_decided_the_reason_stands_on_top():
    assert summary(UNKNOWN).headline() == "No alarm can be decided: why 6."
    assert summary().headline() == "No alarm can be decided: no machine has a recording of this night."


def test_lines_name_alarms_those_that_are_over_and_the_watched():
    text = summary(NEW, OVER, WATCHED, WELL).text()
    assert [line.split()[1] for line in text.splitlines()[1:]] == ["1", "3", "4"]
    assert "Said of 1." in text and "Said of 5." not in text


def test_a_shift_of_the_fleet_is_one_line_and_so_is_drift():
    night = summary(WELL, WELL, fleet_shift=[-1.26, -1.26], drifted_by=[2.0, None])
    fleet, drift = night.remarks()
    assert "1.3 deviations lower" in fleet and "1 machine drifted for weeks (fan 5)" in drift
    assert summary(WELL).remarks() == [] and summary(WELL).fleet_shift is None


def test_json_has_the_alarms_and_those_that_are_over():
    told = json.loads(json.dumps(summary(NEW, OVER, WATCHED, WELL).json()))
    assert [row["machine_id"] for row in told["alarms"]] == ["1", "3"]
    assert told["alarms"][0].keys() >= {"machine_type", "machine_id", "date", "tier", "state", "p_value"}
    assert told["tiers"] == {"act": 1, "watch": 1, "within_chance": 2, "not_decided": 0}
    assert [row["machine_id"] for row in told["watched"]] == ["4"] and told["drifting"] == []


def test_csv_has_a_line_a_machine_and_no_formula():
    rows = list(csv.DictReader(io.StringIO(summary(("=1+1", "act", "new"), WELL).csv())))
    assert list(rows[0]) == ALARMS.names and [row["machine_id"] for row in rows] == ["'=1+1", "5"]
    assert summary().csv().split(",") == ALARMS.names


def test_names_with_control_characters_are_shown_as_escapes():
    line = summary(("\x1b[2J", "act", "new")).text().splitlines()[1]
    assert "\x1b" not in line.partition("Said")[0]


def test_a_night_that_is_much_louder_or_quieter_says_so():
    changed = {"level_change_db": [6.24, -3.4, 0.9], "level_p_value": [1e-6, 0.2, 1e-6]}
    lines = summary(NEW, OLD, WATCHED, **changed).text().splitlines()[1:]
    assert lines[0].endswith("6.2 dB higher than in the nights learnt: if that is a new gain or microphone, fit again.")
    assert "dB" not in lines[1] and "dB" not in lines[2]


def test_an_acknowledged_alarm_is_listed_and_counts_as_none():
    night = summary(OLD, WATCHED, WELL, acknowledged=[False, None, None])
    quiet = summary(("2", "watch", "continuing"), WATCHED, WELL, acknowledged=[True, None, None])
    assert quiet.headline() == ("Nothing to do: no machine is in alarm. 3 machines judged, 1 acknowledged, 1 watched.")
    assert night.alarms and not quiet.alarms and [row["machine_id"] for row in quiet.watched] == ["4"]
    assert "Said of 2." in quiet.text() and [row["machine_id"] for row in quiet.json()["acknowledged"]] == ["2"]


def test_machines_in_maintenance_are_told_with_their_sentence_and_have_rows_of_their_own():
    told = summary(WELL, ("6", "not_decided", None), label=[None, "maintenance"])
    assert [row["machine_id"] for row in told.json()["maintenance"]] == ["6"] and not told.json()["alarms"]
    assert "  fan 6  Not decided: why 6." in told.text() and told.headline().startswith("Nothing to do")
