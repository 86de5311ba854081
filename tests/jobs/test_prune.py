import pytest

from asd_core.store.local_files import LocalFiles
from tests.command import asd

OLD = "3650d"


@pytest.fixture
def store(tmp_path):
    """A search that was abandoned in 1970."""
    import os

    LocalFiles(tmp_path).write("tuning/data/a/x", b"1234")
    os.utime(tmp_path / "tuning/data/a/x", (0, 0))
    return tmp_path


def test_a_dry_run_tells_a_table_and_removes_nothing(store):
    said = asd("prune", "--store", store, "--older-than", OLD, "--dry-run")
    lines = said.out.splitlines()
    assert said.code == 0 and lines[0] == "older than 3650 d:" and lines[-1] == "nothing is removed"
    (line,) = [line for line in lines if line.strip().startswith("searches")]
    assert line.split()[-4:] == ["1", "1", "4", "B"] and (store / "tuning/data/a/x").exists()


def test_yes_removes_it_and_json_tells_the_run(store):
    said = asd("prune", "--store", store, "--older-than", OLD, "--what", "searches, parts", "--yes", "--json").json
    assert (said["files"], said["bytes"], list(said["kinds"])) == (1, 4, ["searches", "parts"])
    assert not (store / "tuning/data/a").exists() and (store / f"runs/{said['run_id']}.json").exists()
    again = asd("prune", "--store", store, "--older-than", OLD, "--yes", "--json").json
    assert (again["files"], again["run_id"]) == (0, None)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--older-than", OLD), "--yes removes, --dry-run only tells"),
        (("--older-than", OLD, "--json"), "--yes removes, --dry-run only tells"),
        (("--older-than", OLD, "--yes", "--dry-run"), "exclude each other"),
        (("--older-than", "23h", "--yes"), "'23h' is too short: at least 24 h"),
        (("--older-than", OLD, "--what", "labels", "--yes"), "there is no kind 'labels': name some of reports, "),
        (("--yes",), "--older-than"),
    ],
    ids=["nobody to ask", "json", "both", "too young", "no such kind", "no age"],
)
def test_what_cannot_be_is_wrong_usage_and_removes_nothing(store, options, why):
    said = asd("prune", "--store", store, *options)
    assert said.code == 2 and why in said.err.splitlines()[-1] and (store / "tuning/data/a/x").exists()
