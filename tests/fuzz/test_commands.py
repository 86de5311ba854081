import pytest

from tests.command import asd
from tests.fleet import write_fleet
from tests.fuzz.commands import line


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return write_fleet(tmp_path_factory.mktemp("fuzz") / "archive", dates=["2026-11-01"], clips=2)


def check(tmp_path, archive, monkeypatch, seeds):
    monkeypatch.chdir(tmp_path)  # a value may name a place beside it
    for seed in seeds:
        arguments = line(seed, tmp_path, archive)
        said = asd(*arguments)
        lines = [one for one in said.err.splitlines() if one.strip()]
        assert said.code in (0, 1, 2) and len(lines) <= 3, (seed, arguments, said.err[-2000:])
        assert "Traceback" not in said.err and "unforeseen fault" not in said.err, (seed, said.err[-2000:])
        assert bool(lines) == bool(said.code), (seed, arguments, said)


def test_mutated_manifests_recipes_spaces_and_options_end_in_three_lines_at_most(tmp_path, archive, monkeypatch):
    check(tmp_path, archive, monkeypatch, range(60))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_five_hundred_do_so_too(tmp_path, archive, monkeypatch):
    check(tmp_path, archive, monkeypatch, range(1000, 1500))
