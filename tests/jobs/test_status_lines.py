from dataclasses import replace

import pytest

from asd_core.runs.newest_night import NewestNight
from asd_core.runs.night_status import AlarmCounts, NightStatus
from asd_core.runs.silent_machines import SilentMachine
from asd_core.runs.status import KeyStatus, Leftovers, ScorerStatus, StoreStatus
from asd_core.runs.unfinished import Unfinished, UnfinishedNight
from asd_core.store.held_locks import HeldLock
from jobs.status_lines import columns, size_text, status_text

MOMENT = "2026-11-20T05:31:59.0+00:00"
NIGHT = NightStatus(
    "2026-11-19", "nightly-1", "nightly", MOMENT, 90.0, 12, 10, 2, {"empty": 2}, 3, AlarmCounts(1, 0, 2, 0, 5), 1, True
)
KEY = KeyStatus(NewestNight("fleet-1", "2026-11-19", MOMENT), [NIGHT], [], ScorerStatus(4, 1, {2: 4}, MOMENT))
QUIET = StoreStatus([KEY], [], Unfinished([], {}, 0, 0), Leftovers(0, 0, None))
LOCK = HeldLock("n", "nightly fleet-1", "host", 7, MOMENT, MOMENT, False)


def test_a_night_is_a_line_and_its_errors_are_told_by_reason():
    name, head, night, errors, scorers = status_text(QUIET).splitlines()
    assert name == "fleet-1" and head.split()[:3] == ["night", "committed", "(UTC)"]
    assert "2026-11-20 05:31" in night and "1 min" in night and "1 new, 2 cleared  1 waiting  yes" in night
    assert errors == "  errors of 2026-11-19: 2 empty"
    assert scorers.endswith("4 machines (4 of version 2), 1 of machine types, fitted 2026-11-20 05:31 UTC")


def test_ten_silent_machines_are_named_the_last_heard_first():
    silent = [SilentMachine("fan", f"{number:02d}", f"2026-11-{number:02d}") for number in range(1, 13)]
    key = replace(KEY, silent=[*silent, SilentMachine("fan", "99", "")])
    lines = [line.strip() for line in status_text(replace(QUIET, keys=[key])).splitlines()]
    assert "silent in the newest night: 13" in lines and "and 3 more" in lines
    assert lines[lines.index("silent in the newest night: 13") + 1] == "fan 12: last heard 2026-11-12"


@pytest.mark.parametrize(("is_stale", "why"), [(False, "a run is at work"), (True, "run the same command again")])
def test_what_is_not_finished_is_at_work_or_was_stopped(is_stale, why):
    found = Unfinished([UnfinishedNight("fleet-1", "2026-11-20", "nightly-2", 4)], {"f": 1}, 3, 2, 1)
    text = status_text(replace(QUIET, locks=[replace(LOCK, is_stale=is_stale)], unfinished=found))
    assert f"not finished: 2026-11-20 of fleet-1, 4 parts of scores; {'its run was stopped: ' * is_stale}{why}" in text
    assert "3 requests to a language model are not published, 2 of them answered" in text
    assert "messages that wait for a receiver: 1" in text
    assert ("stale: its holder is dead" in text) == is_stale
    assert ("until 2026-11-20 05:31 UTC unless renewed" in text) != is_stale


def test_hostile_names_are_shown_as_escapes():
    lock = replace(LOCK, work="x\nat work: nothing\x1b[31m", host="h\u202ei")
    silent = [SilentMachine("fan\n", "\x07", "2026-11-01")]
    text = status_text(replace(QUIET, keys=[replace(KEY, silent=silent)], locks=[lock]))
    assert "x\\nat work: nothing\\x1b[31m" in text and "fan\\n \\x07" in text and "\u202e" not in text


def test_numbers_stand_to_the_right_and_no_line_ends_in_spaces():
    assert columns([("night", "n"), ("a", "10"), ("b", "")], ("n",)) == ["  night   n", "  a      10", "  b"]


def test_a_store_without_a_night_says_so_and_parts_of_files_are_told():
    text = status_text(replace(QUIET, keys=[], parts=Leftovers(2, 1500, MOMENT)))
    assert text == "no night is scored\n\nparts of files: 2, 1.5 kB, the oldest of 2026-11-20 05:31 UTC"


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5 * 10**15, "5000.0 TB")])
def test_sizes_are_said_in_units(size, text):
    assert size_text(size) == text
