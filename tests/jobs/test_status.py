from datetime import UTC, datetime, timedelta

import pytest

from asd_core.store.local_files import LocalFiles
from tests.command import asd
from tests.many_nights.alarms import kept_fleet
from tests.many_nights.plant import KEY, day
from tests.message_receiver import MessageReceiver


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Five machines that were scored in three nights of 2024."""
    files = LocalFiles(tmp_path_factory.mktemp("status"))
    for part in kept_fleet(5, 3):
        for path, data in part.items():
            files.write(path, data)
    return files.root


def age_of_newest(plus):
    committed = datetime.fromisoformat(f"{day(2)}T23:00:00+00:00")
    return f"{(datetime.now(UTC) - committed + plus) / timedelta(hours=1):.1f}h"


def test_a_store_is_told_at_a_glance(store):
    said = asd("status", "--store", store, "--nights", "2")
    assert said.code == 0 and said.err == ""
    assert KEY in said.out and day(2) in said.out and day(1) in said.out and day(0) not in said.out
    assert "scorers: 5 machines (5 of version 1)" in said.out


@pytest.mark.parametrize("which", [(), ("--recipe", KEY), ("--recipe", "twfr-knn")])
def test_a_newest_night_that_is_too_old_is_one_line_and_exit_code_1(store, which):
    late = asd("status", "--store", store, "--max-age", age_of_newest(-timedelta(hours=1)), *which)
    assert (late.code, late.out) == (1, "") and "more than" in late.err
    (line,) = late.err.splitlines()[-1:]
    assert line.startswith(f"Error: the newest night of {KEY} is {day(2)}, committed {day(2)} 23:00 UTC, ")
    fresh = asd("status", "--store", store, "--max-age", age_of_newest(timedelta(hours=1)), *which)
    assert fresh.code == 0 and fresh.out.startswith(f"the newest night of {KEY} is {day(2)}")


def test_json_has_the_late_keys_and_the_same_exit_code(store):
    said = asd("status", "--store", store, "--max-age", "26h", "--json")
    assert said.code == 1 and said.json["late"] == [KEY]
    assert asd("status", "--store", store, "--json").json["late"] is None
    assert len(said.json["keys"][0]["nights"]) == 3


def test_a_store_without_a_night_is_late_whatever_the_age(tmp_path):
    said = asd("status", "--store", tmp_path / "new", "--max-age", "26h")
    assert said.code == 1 and "no night is in" in said.err
    assert asd("status", "--store", tmp_path / "new").out == "no night is scored\n"
    other = asd("status", "--store", tmp_path / "new", "--recipe", "twfr-gmm", "--max-age", "26h")
    assert other.code == 1 and "no night of twfr-gmm is in" in other.err


def test_an_age_that_is_none_is_wrong_usage(store):
    said = asd("status", "--store", store, "--max-age", "26")
    assert said.code == 2 and "'26' is no length of time" in said.err


def test_quiet_says_nothing_where_all_is_well(store):
    said = asd("status", "--store", store, "--max-age", age_of_newest(timedelta(hours=1)), "--quiet")
    assert (said.code, said.out, said.err) == (0, "", "")


def test_a_missing_night_is_told_once_and_not_at_every_check(store):
    with MessageReceiver() as receiver:
        for _ in range(2):
            said = asd("status", "--store", store, "--max-age", "26h", "--notify", receiver.url, "--json")
            assert said.code == 1 and said.json["messages"]["pending"] == 0
    (body,) = receiver.taken
    assert (body["kind"], body["key"], body["night"]) == ("night_missing", KEY, day(2))


def test_receivers_are_for_nights_that_are_too_old(store, tmp_path):
    assert asd("status", "--store", store, "--notify", "http://localhost:9/x").code == 2
    with MessageReceiver() as receiver:
        said = asd("status", "--store", tmp_path / "new", "--max-age", "26h", "--notify", receiver.url)
    assert said.code == 1 and receiver.taken[0]["sentence"] == "no night was ever scored."
