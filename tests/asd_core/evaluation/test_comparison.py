from dataclasses import replace

import pytest

from asd_core.evaluation.comparison import machine_table, markdown_table, method_table
from asd_core.evaluation.evaluate import Decisions, Evaluation, MachineEvaluation, Means
from asd_core.evaluation.labelled_clips import Counts

NOTHING = Decisions()


def machine(machine_id, auc, rate, machine_type="fan"):
    figures = (auc, 0.0125, auc - 0.1, None, None, None, None, None, None)
    decisions = (Decisions(false_alarm_rate=rate), NOTHING, NOTHING)
    return MachineEvaluation(machine_type, machine_id, Counts(), *figures, *decisions, None, "")


def evaluation(*machines):
    aucs = [one.auc for one in machines]
    mean = Means(sum(aucs) / len(aucs), sum(aucs) / len(aucs) - 0.1, None, None, None)
    return Evaluation("dcase2020", machines, mean, None, mean, None, None, len(machines))


KNN = evaluation(machine("00", 0.9, 0.1), machine("02", 0.7, 0.2))


def cells(line):
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def test_a_method_has_its_means_and_the_least_and_most_false_alarms():
    header, rule, row = method_table({"kNN": KNN})
    assert cells(header) == ["detector", "AUC", "pAUC", "false alarms, mean", "least", "most"]
    assert rule == "|---|---|---|---|---|---|"
    assert row == "| kNN | 0.800 | 0.700 | 15.0% | 10.0% | 20.0% |"


def test_a_machine_has_a_cell_for_each_method_whatever_machines_the_others_have():
    other = evaluation(machine("02", 0.6, None), machine("00", 0.8, 0.3, "pump"))
    lines = machine_table({"kNN": KNN, "GMM": other})
    assert [cells(line) for line in lines[2:]] == [
        ["fan 00", "0.900 ± 0.013 / 0.800, 10%", "n/a"],
        ["fan 02", "0.700 ± 0.013 / 0.600, 20%", "0.600 ± 0.013 / 0.500, n/a"],
        ["pump 00", "n/a", "0.800 ± 0.013 / 0.700, 30%"],
    ]


def test_figures_that_are_missing_are_said_to_be():
    undecided = evaluation(*(replace(one, decisions=NOTHING, auc_standard_error=None) for one in KNN.machines))
    assert method_table({"kNN": undecided})[-1].endswith("| n/a | n/a | n/a |")
    assert machine_table({"kNN": undecided})[-1] == "| fan 02 | 0.700 / 0.600, n/a |"


@pytest.mark.parametrize("name", ["a|b", "a\nb", "|"])
def test_no_name_breaks_a_table(name):
    lines = method_table({name: KNN})
    assert len(lines) == 3 and lines[2].replace(r"\|", "").count("|") == lines[0].count("|")


def test_the_first_row_is_the_header():
    assert markdown_table([["a", "b"], ["1", "2"]]) == ["| a | b |", "|---|---|", "| 1 | 2 |"]
