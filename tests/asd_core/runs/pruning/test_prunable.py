import math
from datetime import UTC, datetime, timedelta

import pytest

from asd_core.runs.pruning.prunable import Limit, Prunable
from asd_core.store.files import FileInfo

LIMIT = Limit.of(timedelta(days=10), datetime(2026, 11, 20, 6, tzinfo=UTC))


@pytest.mark.parametrize(
    ("date", "is_old"), [("2026-11-09", True), ("2026-11-10", False), ("undated", False), ("", False)]
)
def test_a_night_is_old_by_its_date(date, is_old):
    assert LIMIT.is_old_date(date) == is_old


@pytest.mark.parametrize(
    ("moment", "is_old"),
    [
        ("2026-11-10T05:59:59.9+00:00", True),
        ("2026-11-10T06:00:00+00:00", False),
        ("2026-11-10T06:30:00+01:00", True),
        ("2026-11-10T05:00:00", False),
        ("", False),
        ("long ago", False),
    ],
)
def test_a_commit_is_old_by_its_time_and_one_without_a_known_time_is_not(moment, is_old):
    assert LIMIT.is_old_time(moment) == is_old


def test_files_are_old_if_the_newest_is_and_never_without_a_time():
    old, young = (FileInfo("a", 1, "", LIMIT.before.timestamp() + plus) for plus in (-1, 1))
    assert LIMIT.are_old_files([old, old]) and not LIMIT.are_old_files([old, young])
    assert not LIMIT.are_old_files([]) and not LIMIT.are_old_files([old, FileInfo("b", 1, "", math.nan)])


def test_a_thing_has_the_size_of_all_its_files():
    thing = Prunable("night", (FileInfo("page", 2, ""),), (FileInfo("sound", 5, ""),))
    assert thing.bytes == 7 and [info.path for info in thing.files] == ["page", "sound"]
