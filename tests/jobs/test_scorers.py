import pytest

from tests.command import asd
from tests.fleet import NIGHTS, write_fleet
from tests.jobs.options import options


@pytest.fixture(scope="module")
def plant(tmp_path_factory):
    root = tmp_path_factory.mktemp("scorers")
    archive = write_fleet(root / "archive")
    for night in NIGHTS[:2]:
        assert asd("fit", archive, *options(root), "--until", night).code == 0
    return root


def scorers(plant, *arguments):
    return asd("scorers", "--recipe", "twfr-knn", "--store", plant / "store", *arguments)


def test_scorers_are_listed_and_go_back(plant):
    assert scorers(plant).out.startswith("fan/00: v000002-")
    dry = scorers(plant, "--rollback", "--dry-run")
    assert dry.code == 0 and "2 of 2 scorers would go back" in dry.out
    said = scorers(plant, "--rollback", "--json").json
    assert said["restored"] == 2 and said["run_id"].startswith("fit-")
    told = scorers(plant, "--machine", "fan/00").out.splitlines()
    assert len(told) == 3 and "v000003-" in told[0] and "(now), rollback of " in told[0]
    assert "nothing to do: 2 scorers are these" in scorers(plant, "--rollback").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "v000001"], "--to is for --rollback"),
        (["--dry-run"], "--dry-run is for --rollback"),
        (["--rollback", "--to", "v000007"], "no machine has a scorer v000007"),
        (["--machine", "fan/77"], "no scorer of 'fan/77' is in the store"),
    ],
)
def test_what_cannot_be_is_one_line(plant, arguments, message):
    said = scorers(plant, *arguments)
    assert said.code == 2 and message in said.err and "Traceback" not in said.err
