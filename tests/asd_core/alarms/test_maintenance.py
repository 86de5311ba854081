"""A window holds its first and last night; the nights after it say so for two weeks."""

from asd_core.alarms.maintenance import Window, in_maintenance, told_with_windows

FIRST, OPEN = Window("2026-11-10", "2026-11-12", "belt", "Ann"), Window("2026-11-20")


def test_a_window_holds_its_nights_and_an_open_one_all_that_follow():
    held = [night for night in ("2026-11-09", "2026-11-10", "2026-11-12", "2026-11-13") if FIRST.holds(night)]
    assert held == ["2026-11-10", "2026-11-12"]
    assert OPEN.holds("2027-01-01") and not OPEN.holds("undated") and not FIRST.is_noted("undated")
    assert in_maintenance([FIRST, OPEN], "2026-11-25") == OPEN and in_maintenance([FIRST], "2026-11-13") is None


def test_sentences_tell_the_reason_and_who_named_it_and_what_to_do_after_it():
    said = told_with_windows([FIRST], "2026-11-11", "x")
    assert said == 'Not decided: maintenance since 2026-11-10 until 2026-11-12 ("belt"), named by Ann.'
    assert told_with_windows([OPEN], "2026-11-21", "x") == "Not decided: maintenance since 2026-11-20."
    assert told_with_windows([FIRST], "2026-11-26", "x").startswith("x Maintenance until 2026-11-12: fit this machine")
    assert told_with_windows([FIRST], "2026-11-27", "x") == told_with_windows([FIRST], "2026-11-09", "x") == "x"
