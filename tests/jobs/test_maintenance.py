import pytest

from asd_core.store.local_files import LocalFiles
from tests.command import asd


@pytest.fixture
def store(tmp_path):
    LocalFiles(tmp_path / "store").write_new("newest_scorers/knn-1/fan/00/v000001-a", b"")
    return tmp_path / "store"


def maintenance(store, *arguments):
    return asd("maintenance", "--store", store, *arguments)


def test_windows_are_named_listed_and_taken_back(store):
    named = ("--machine", "fan/00", "--since", "2026-11-10")
    said = maintenance(store, *named, "--reason", "belt \x1b[2J", "--by", "Ann", "--json").json
    assert [row["reason"] for row in said["windows"]] == ["belt \x1b[2J"]
    told = maintenance(store, "--list").out
    assert told == "fan 00: since 2026-11-10, goes on (belt \\x1b[2J), by Ann\n1 windows\n"
    assert "since 2026-11-10 until 2026-11-12" in maintenance(store, *named, "--until", "2026-11-12").out
    assert maintenance(store, *named, "--remove").out == "0 windows\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name a machine, or --list"),
        (["--list", "--machine", "fan/00"], "name a machine, or --list, not both"),
        (["--machine", "fan/00"], "name the first night of the maintenance"),
        (["--machine", "fan/00", "--since", "soon"], "'soon' is no date"),
        (["--machine", "fan/09", "--since", "2026-11-10"], "no machine 'fan/09' has a scorer"),
    ],
)
def test_what_cannot_be_is_one_line(store, arguments, message):
    said = maintenance(store, *arguments)
    assert (said.code, said.out) == (2, "") and message in said.err
