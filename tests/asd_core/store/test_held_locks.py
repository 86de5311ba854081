import json
import os
from datetime import UTC, datetime, timedelta

from asd_core.store.held_locks import held_locks
from asd_core.store.local_files import LocalFiles
from asd_core.store.locks import LEASE_SECONDS, run_lock

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def keep(files, path, **changes):
    record = {"owner": "x", "host": "elsewhere", "pid": 7, "born": "", "renewals": 0} | changes
    files.write(path, json.dumps(record).encode())


def test_a_lock_tells_its_work_its_holder_and_its_times(tmp_path):
    files = LocalFiles(tmp_path)
    with run_lock(files, "n", work="nightly of fleet"):
        (lock,) = held_locks(files)
    assert (lock.name, lock.work, lock.pid, lock.is_stale) == ("n", "nightly of fleet", os.getpid(), False)
    renewed = datetime.fromisoformat(lock.until) - timedelta(seconds=LEASE_SECONDS)
    assert renewed >= datetime.fromisoformat(lock.since) and held_locks(files) == []


def test_a_lock_that_is_not_renewed_is_stale_once_its_lease_is_over(tmp_path):
    files = LocalFiles(tmp_path)
    keep(files, "locks/n/000001.json", renewed_at=NOW.isoformat())
    assert [held_locks(files, NOW + timedelta(seconds=age))[0].is_stale for age in (59, 61)] == [False, True]


def test_a_lock_of_before_is_told_by_the_clock_of_its_file(tmp_path):
    files = LocalFiles(tmp_path)
    keep(files, "locks/n/000001.json")
    os.utime(tmp_path / "locks/n/000001.json", (NOW.timestamp(), NOW.timestamp()))
    (lock,) = held_locks(files, NOW)
    assert (lock.work, lock.since, lock.until) == ("", None, (NOW + timedelta(seconds=60)).isoformat())


def test_of_generations_the_highest_counts_and_what_is_no_lock_is_passed_over(tmp_path):
    files = LocalFiles(tmp_path)
    for number in (9, 10):
        keep(files, f"locks/n/{number:06d}.json", pid=number, renewed_at="no time", since=5)
    files.write("locks/broken/000001.json", b"{")
    files.write("locks/n/readme.txt", b"")
    assert [lock.pid for lock in held_locks(files)] == [10]
