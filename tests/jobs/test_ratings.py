import csv
import io

import pytest

from tests.asd_core.evaluation.ratings import row, write_ratings
from tests.command import asd
from tests.fleet import files_of


@pytest.fixture
def files(tmp_path):
    ann = [row(value, "Ann", method, clip) for method, value in (("hybrid", 4), ("zero-shot", 2)) for clip in "ab"]
    ben = [row(value, "Ben", method, "a") for method, value in (("hybrid", 5), ("zero-shot", 3))]
    return [write_ratings(tmp_path / "ann.csv", *ann), write_ratings(tmp_path / "ben.csv", *ben)]


def test_the_scores_of_all_raters_are_summed_up(files):
    found = asd("ratings", *files, "--json").json
    assert [(m["method"], m["mos"], m["ids_over_3"]) for m in found["methods"]] == [
        ("hybrid", pytest.approx(13 / 3), 1),
        ("zero-shot", pytest.approx(7 / 3), 0),
    ]
    assert (found["ratings"], found["captions"], found["raters"], found["superseded"]) == (6, 4, ["Ann", "Ben"], 0)
    assert found["machines"][0] | {"mos": 0, "standard_deviation": 0} == {
        "machine_type": "fan",
        "machine_id": "00",
        "method": "hybrid",
        "mos": 0,
        "standard_deviation": 0,
        "ratings": 3,
        "clips": 2,
        "raters": 2,
    }


def test_people_read_a_table(files):
    said = asd("ratings", *files, files[0])
    assert "fan 00                   4.33       2.33" in said.out and "1 of 1" in said.out
    assert "4 ratings left out: exported twice" in said.err


def test_out_holds_the_table_and_both_plots(files, tmp_path):
    assert asd("ratings", *files, "--out", tmp_path / "out", "--quiet").err == ""
    assert set(files_of(tmp_path / "out")) == {"mean_opinion_scores.csv", "mean_opinion_scores.png", "ratings.png"}
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out/mean_opinion_scores.csv").read_text())))
    assert [line["method"] for line in rows] == ["hybrid", "zero-shot"]


@pytest.mark.parametrize(
    ("given", "message"),
    [(row(9), "line 2: a rating is a whole number"), (row(method="x"), "there is no method 'x'; known: acoustic")],
)
def test_a_wrong_file_is_one_line_and_exit_code_2(tmp_path, given, message):
    said = asd("ratings", write_ratings(tmp_path / "r.csv", given))
    assert (said.code, said.out) == (2, "") and said.err.count("\n") == 1
    assert message in said.err
