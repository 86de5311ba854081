import pytest

from asd_core.store.local_files import LocalFiles
from tests.command import asd
from tests.many_nights.runs import kept_runs

RUNS = ("fleet-1", "2026-11-17", "18T05"), ("other-2", "2026-11-18", "19T05")


@pytest.fixture
def store(tmp_path):
    for path, data in (kept_runs(*RUNS) | kept_runs(RUNS[0], job="fit")).items():
        LocalFiles(tmp_path).write(path, data)
    return tmp_path


def test_runs_are_listed_and_the_limit_leaves_the_oldest_out(store):
    said = asd("runs", "list", "--store", store, "--limit", "2")
    assert said.code == 0 and "and 1 earlier" in said.out
    assert asd("runs", "--store", store, "--json").json["more"] == 0
    listed = asd("runs", "--store", store, "--recipe", "fleet-1", "--job", "fit", "--json").json["runs"]
    assert [run["run_id"] for run in listed] == ["fit-0"]


def test_one_run_is_shown_by_the_beginning_of_its_id(store):
    assert asd("runs", "show", "fit", "--store", store).out.startswith("run        fit-0\njob        fit\n")
    said = asd("runs", "show", "nightly-1", "--store", store, "--json").json
    assert (said["key"], said["gone"]) == ("other-2", [])


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("show",), "takes list, or show ID, not 'show'"),
        (("shows", "x"), "takes list, or show ID, not 'shows x'"),
        (("show", "x"), "no run begins with 'x'"),
        (("show", "fit-0", "--job", "fit"), "takes no --job"),
        (("--since", "yesterday"), "yesterday"),
        (("--limit", "0"), "--limit"),
    ],
    ids=["no id", "another word", "no such run", "job", "no date", "no limit"],
)
def test_what_cannot_be_is_one_line_of_wrong_usage(store, arguments, why):
    said = asd("runs", *arguments, "--store", store)
    assert said.code == 2 and why in said.err.splitlines()[-1]
