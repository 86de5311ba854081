import pytest

from tests.command import asd
from tests.fleet import NIGHTS, write_fleet
from tests.jobs.options import options


@pytest.fixture
def scored(tmp_path):
    """A store with two scored nights; their archive is away."""
    archive = write_fleet(tmp_path / "archive", machines=["00"])
    assert asd("fit", archive, *options(tmp_path), "--until", NIGHTS[0]).code == 0
    for night in NIGHTS[1:]:
        assert asd("score", archive, *options(tmp_path), "--date", night).code == 0
    archive.rename(tmp_path / "away")
    return ["--recipe", "twfr-knn", "--store", tmp_path / "store"]


def test_the_report_is_of_the_latest_night_or_of_the_one_that_is_named(scored, tmp_path):
    for date, night in (([], NIGHTS[2]), (["--date", NIGHTS[1]], NIGHTS[1])):
        said = asd("report", *scored, *date)
        (page,) = (tmp_path / "store/reports").glob(f"*/date={night}/index.html")
        lines = f"report: {page}\nall nights: {page.parents[1] / 'index.html'}\n"
        assert (said.code, said.out) == (0, lines) and night in page.read_text()
        assert NIGHTS[2] in (page.parents[1] / "index.html").read_text()


def test_a_night_that_was_never_scored_is_one_line(scored):
    said = asd("report", *scored, "--date", "2026-12-24")
    assert said.code != 0 and said.out == "" and said.err.count("Error: ") == 1 and "2026-12-24" in said.err
