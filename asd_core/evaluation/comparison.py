"""Methods compared on the same machines, as Markdown tables: a row for each method, and a row for each machine.

A method is a name and its `Evaluation`. False alarms are the flagged share of a machine's normal clips. Figures that a
method does not have are shown as ``n/a``.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from asd_core.evaluation.evaluate import Evaluation, MachineEvaluation
from asd_core.readable import machine_name, readable


def method_table(evaluations: Mapping[str, Evaluation]) -> list[str]:
    """Lines with the mean AUC and pAUC of each method over machines, and the mean, least and most false alarms."""
    rows = [["detector", "AUC", "pAUC", "false alarms, mean", "least", "most"]]
    for name, evaluation in evaluations.items():
        rates = [rate for one in evaluation.machines if (rate := one.decisions.false_alarm_rate) is not None]
        alarms = [float(np.mean(rates)), min(rates), max(rates)] if rates else [None] * 3
        figures = [_shown(evaluation.mean.auc, ".3f"), _shown(evaluation.mean.pauc, ".3f")]
        rows.append([_cell(name), *figures, *(_shown(rate, ".1%") for rate in alarms)])
    return markdown_table(rows)


def machine_table(evaluations: Mapping[str, Evaluation]) -> list[str]:
    """Lines with AUC ± its standard error / pAUC, false alarms of each machine under each method."""
    by_method = [
        {(one.machine_type, one.machine_id): one for one in evaluation.machines} for evaluation in evaluations.values()
    ]
    rows = [["id", *map(_cell, evaluations)]]
    for machine in sorted(set().union(*by_method)):
        rows.append([_cell(machine_name(*machine)), *(_machine_cell(own.get(machine)) for own in by_method)])
    return markdown_table(rows)


def markdown_table(rows: list[list[str]]) -> list[str]:
    """Lines of a Markdown table; the first row is its header."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return [lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]


def _machine_cell(machine: MachineEvaluation | None) -> str:
    if machine is None or machine.auc is None:
        return "n/a"
    error = "" if machine.auc_standard_error is None else f" ± {machine.auc_standard_error:.3f}"
    rate = _shown(machine.decisions.false_alarm_rate, ".0%")
    return f"{machine.auc:.3f}{error} / {_shown(machine.pauc, '.3f')}, {rate}"


def _shown(value: float | None, form: str) -> str:
    return "n/a" if value is None else format(value, form)


def _cell(text: str) -> str:
    return readable(text).replace("|", r"\|")
