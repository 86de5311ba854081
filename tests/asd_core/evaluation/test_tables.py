import csv
import io
import json

import pyarrow as pa

from asd_core.evaluation.evaluate import evaluate
from asd_core.evaluation.tables import to_csv, to_json, to_text


def score_table(*rows):
    """Of (machine type, condition, anomaly score or None)."""
    machine_types, conditions, scores = zip(*rows, strict=True)
    return pa.table(
        {
            "machine_type": machine_types,
            "machine_id": ["00"] * len(rows),
            "split": ["test"] * len(rows),
            "domain": [""] * len(rows),
            "condition": conditions,
            "anomaly_score": pa.array(scores, pa.float64()),
            "is_flagged": [None if score is None else score > 0.5 for score in scores],
            "level_deviation_db": pa.nulls(len(rows), pa.float64()),
        }
    )


def overlapping(machine_type):
    return [
        (machine_type, condition, score) for condition, score in zip(["normal", "anomalous"] * 2, range(4), strict=True)
    ]


def test_json_has_the_documented_keys_and_no_nan():
    tree = to_json(evaluate(score_table(*overlapping("fan"), ("pump", "normal", 0.0))))
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree
    fan, pump = tree["machines"]
    assert {"machine_type", "machine_id", "auc", "pauc", "f1", "f1_source", "counts", "note"} <= fan.keys()
    assert pump["auc"] is None and pump["counts"]["normal"] == 1
    assert tree["mean"]["auc"] == fan["auc"] and tree["official_score"] == (fan["auc"] + fan["pauc"]) / 2
    assert tree["protocol"] == "dcase2020"


def test_csv_quotes_names_and_defuses_formulas():
    rows = [*overlapping('=cmd|" /C calc"!A1'), *overlapping("fan,\n2"), ("pump", "normal", 0.0)]
    lines = list(csv.DictReader(io.StringIO(to_csv(evaluate(score_table(*rows))))))
    assert [line["machine_type"] for line in lines] == ['\'=cmd|" /C calc"!A1', "fan,\n2", "pump"]
    assert float(lines[0]["auc"]) == evaluate(score_table(*rows[:4])).machines[0].auc
    assert (lines[2]["auc"], lines[2]["normal"], lines[2]["note"]) == ("", "1", "no anomalous clips")


def test_text_is_aligned_and_says_what_was_left_out():
    rows = [*overlapping("fan\x1b[31m"), ("pump", "normal", 0.0), ("pump", "normal", None), ("pump", "", 1.0)]
    text = to_text(evaluate(score_table(*rows)))
    header, first, second, _, _, official, left_out = text.splitlines()
    for title in (" AUC", "pAUC", " normal", "errors"):
        end = header.index(title) + len(title)
        assert all(line[end - 1] != " " and line[end : end + 1] in ("", " ") for line in (header, first, second))
    assert "\x1b" not in text and first.startswith("fan\\x1b[31m")
    assert second.split()[:4] == ["pump", "00", "n/a", "n/a"] and second.endswith("no anomalous clips")
    assert "AUC source" not in header and "training" not in header
    assert official.startswith("official score (dcase2020, 1 of 2 machines): 0.")
    assert left_out == "clips left out: 1 errors, 1 of unknown condition, 0 for training"
