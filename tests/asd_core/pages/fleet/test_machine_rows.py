import json
import re

from asd_core.digest import name_hash
from asd_core.pages.fleet.machine_rows import calendar, machine_rows
from tests.asd_core.pages.fleet.histories import history


def text(letters):
    return re.sub("<[^>]*>", "", str(letters))


def test_machines_with_the_newest_alarm_come_first_then_those_longer_in_alarm_then_the_watched():
    drawn = {"well": "····", "watched": "···W", "over": "NAC·", "old": "·NAA", "new": "···N", "once": "W···"}
    rows, types = machine_rows(history({("fan", name): letters for name, letters in drawn.items()}))
    assert [row.name.split()[1] for row in rows] == ["old", "new", "over", "watched", "once", "well"] and types == []


def test_a_row_says_for_how_many_nights_it_is_in_alarm_and_which_was_the_last():
    rows, _ = machine_rows(history({("fan", "1"): "·NAA", ("fan", "2"): "NC··", ("fan", "3"): "···N"}))
    assert [row.status for row in rows] == ["in alarm, third night in a row", "new alarm", "within chance"]
    assert [row.remark for row in rows] == ["", "", "last alarm on 2026-11-01"]
    assert rows[0].anchor == "machine-" + name_hash("fan", "1") and text(rows[0].letters) == "·NAA"


def test_evidence_has_two_digits_a_night_and_dots_where_nothing_was_judged():
    (row,), _ = machine_rows(history({("fan", "1"): "-·WN"}))
    digits = [row.evidence[start : start + 2] for start in range(0, 8, 2)]
    assert digits[0] == ".." and [int(pair, 36) for pair in digits[1:]] == [30, 200, 300]


def test_machines_beyond_the_most_rows_are_counted_by_type_as_shares_of_those_heard():
    drawn = {("fan", "0"): "·N"} | {("fan", f"w{n:02d}"): "WK"[n % 2] + "·" if n < 3 else "·-" for n in range(1, 51)}
    rows, (fans,) = machine_rows(history(drawn), most=1)
    assert [row.name for row in rows] == ["fan 0"] and fans.machines == 50
    assert text(fans.letters) == "4·"  # 2 of 50, and none of the 2 that were heard
    assert json.loads(fans.counts) == [[0, 2, 48, 0, 0], [0, 0, 2, 0, 0]]


def test_rare_types_are_one_row_and_no_machine_is_left_out():
    drawn = {(f"type {n:03d}", "0"): "·" for n in range(60)}
    rows, types = machine_rows(history(drawn), most=5)
    assert len(types) == 41 and types[-1].name == "other types"
    assert len(rows) + sum(row.machines for row in types) == 60


def test_the_calendar_has_a_sign_for_each_night_whatever_the_dates_look_like():
    dates = ["2026-01-31", "2026-02-01", "soon", "2026-99-01", "2026-03-04"]
    assert {len(line) for line in calendar(dates)} == {5}
    assert calendar(dates) == ("Jan  ", "30 00", "11 14")
