import csv
import io
import json

from asd_core.evaluation.csv_cells import restored
from asd_core.evaluation.opinion_scores import opinion_scores
from asd_core.evaluation.opinion_tables import to_csv, to_json, to_text
from tests.asd_core.evaluation.ratings import listening_test, rating


def test_text_has_a_line_an_id_and_a_column_a_method():
    assert to_text(opinion_scores(listening_test())).splitlines()[:-1] == [
        "MOS (1 worst, 5 best)  hybrid  text-decoder",
        "fan 00                   4.00          2.50",
        "pump 02                  3.00          3.33",
        "mean of ids              3.50          2.92",
        "ids over 3             1 of 2        1 of 2",
        "ratings                    12            12",
        "agreement (alpha)        0.21          0.65",
    ]


def test_text_says_who_rated_how_much():
    last = to_text(opinion_scores(listening_test())).splitlines()[-1]
    assert last.startswith("24 ratings of 8 captions of 4 clips by 3 raters (Ann, Ben, Cy), agreement 0.")


def test_text_shows_a_dash_for_an_id_without_ratings_and_no_control_character():
    text = to_text(
        opinion_scores([rating(4, "An\x1bn", machine=("f\nan", "")), rating(2, method="zero-shot", clip="b")])
    )
    assert "f\\nan                    4.00          –" in text and "\x1b" not in text
    assert "n/a" in text


def test_json_is_plain_and_has_no_single_ratings():
    tree = to_json(opinion_scores(listening_test()))
    assert json.loads(json.dumps(tree, allow_nan=False))["machines"][0]["mos"] == 4.0
    assert "values" not in tree["machines"][0]


def test_csv_has_a_line_an_id_and_method_and_no_formula():
    lines = list(csv.DictReader(io.StringIO(to_csv(opinion_scores([rating(4, machine=("=1+1", '"0",'))])))))
    assert (lines[0]["machine_type"], restored(lines[0]["machine_type"])) == ("'=1+1", "=1+1")
    assert (lines[0]["machine_id"], float(lines[0]["mos"]), lines[0]["standard_deviation"]) == ('"0",', 4.0, "")
