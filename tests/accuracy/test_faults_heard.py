import json

import pyarrow as pa
import pytest

from tests.accuracy.faults_heard import Difference, difference, heard, joined, mean_figures, table, verdicts


def scores(*rows):
    names = ["machine_id", "condition", "anomaly_score", "fault", "severity"]
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    truth = zip(columns.pop("fault"), columns.pop("severity"), strict=True)
    extra = [json.dumps({"fault": fault, "severity": severity}) for fault, severity in truth]
    return pa.table({**columns, "machine_type": ["fan"] * len(rows), "extra": extra})


ROWS = [("00", "normal", value, "", "") for value in (1.0, 2.0, 3.0, 4.0)]
ROWS += [("00", "anomalous", 5.0, "squeal", "mild"), ("00", "anomalous", 2.5, "leak", "mild")]
ROWS += [("01", "normal", 1.0, "", ""), ("01", "anomalous", 0.0, "squeal", "severe")]


def test_each_machine_is_judged_by_its_own_normals_for_each_kind_and_severity():
    found = heard(scores(*ROWS), seed=3)
    machine = (3, "fan", "00")
    assert found["kind", "squeal"][machine][0] == 1.0 and found["kind", "leak"][machine][0] == 0.5
    assert found["severity", "mild"][machine][0] == 0.75 and list(found["severity", "mild"]) == [machine]
    assert found["kind", "squeal"][3, "fan", "01"][0] == 0.0
    assert mean_figures(found["kind", "squeal"])[0] == 0.5
    with pytest.raises(ValueError, match="no score"):
        heard(scores(("00", "normal", None, "", "")), 0)


def test_a_difference_under_two_standard_errors_is_a_tie():
    one, other = ({(0, "fan", str(n)): (value, 0.0) for n, value in enumerate(own)} for own in ([0.9, 0.7], [0.8, 0.5]))
    found = difference(one, other)
    assert (found.mean, found.error) == (pytest.approx(0.15), pytest.approx(0.05))
    assert found.verdict == "better" and difference(other, one).verdict == "worse"
    assert Difference(0.15, 0.08).verdict == "tie"


def test_tables_have_a_row_for_each_recipe_and_fleets_are_put_together():
    parts = [heard(scores(*ROWS), seed) for seed in (0, 1)]
    both = joined(parts)
    assert len(both["kind", "squeal"]) == 4
    groups = [("all", "faults"), ("kind", "squeal")]
    header, row = table({"a": both}, groups)
    assert header == ["recipe", "faults", "squeal"]
    assert [cell.partition(" / ")[0] for cell in row] == ["a", "0.375", "0.500"]
    assert verdicts("a", {"a": both, "b": both}, groups)[1] == ["b", *["+0.000 ± 0.000 tie"] * 2]
