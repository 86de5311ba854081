"""An evaluation for programs (JSON), spreadsheets (CSV) and people (plain text)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Any

from asd_core.evaluation.csv_cells import csv_table
from asd_core.evaluation.evaluate import Decisions, Evaluation, MachineEvaluation
from asd_core.evaluation.night_tables import nights_json, nights_row, nights_text

_DECISION_COLUMNS = {"decisions": "", "decisions_source": "_source", "decisions_target": "_target"}
_TEXT_COLUMNS = {
    "machine_type": "machine type",
    "machine_id": "id",
    "auc": "AUC",
    "auc_standard_error": "+/-",
    "pauc": "pAUC",
    "auc_level_only": "level only",
    "auc_source": "AUC source",
    "auc_target": "AUC target",
    "pauc_source": "pAUC source",
    "pauc_target": "pAUC target",
    "score": "score",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "false_alarm_rate": "false alarms",
    "false_alarm_rate_source": "false alarms source",
    "false_alarm_rate_target": "false alarms target",
    "normal": "normal",
    "anomalous": "anomalous",
    "unlabelled": "unlabelled",
    "errors": "errors",
    "training": "training",
    "nights_to_alarm": "nights to alarm",
    "new_false_alarms": "new false alarms",
    "undecided_nights": "nights not decided",
    "note": "",
}
_ALWAYS_SHOWN = ("machine_type", "machine_id", "auc", "pauc", "normal", "anomalous")


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The evaluation as nested dicts and lists of str, int, float and None (never NaN), ready for ``json.dumps``.

    ``machines`` is a list of one flat dict per machine, but for its ``counts`` and ``nights``; precision, recall, F1
    and false-alarm rate within a domain end in ``_source`` and ``_target``. ``nights`` is None where no night was
    judged, and machines have none then.
    """
    nights = evaluation.nights
    tree = dataclasses.asdict(dataclasses.replace(evaluation, nights=None))
    tree["machines"] = [_machine_json(machine) for machine in evaluation.machines]
    if nights is not None:
        tree["nights"] = nights_json(nights)
        for machine in tree["machines"]:
            machine["nights"] = nights_row(nights, machine["machine_type"], machine["machine_id"])
    tree["notes"] = list(evaluation.notes)
    return tree


def to_csv(evaluation: Evaluation) -> str:
    """One line per machine under a header; an empty cell where a figure is not available.

    Text that a spreadsheet would take for a formula gets an apostrophe before it.
    """
    return csv_table(machine_rows(evaluation))


def machine_rows(evaluation: Evaluation) -> list[dict[str, Any]]:
    """One flat row per machine, all with the same names; of nights only where some were judged."""
    rows, nights = [_flat(machine) for machine in evaluation.machines], evaluation.nights
    if nights is None:
        return rows
    return [row | nights_row(nights, row["machine_type"], row["machine_id"]) for row in rows]


def to_text(evaluation: Evaluation) -> str:
    """An aligned table of the machines, their means, the official score, the clips left out, and the notes.

    Columns without a figure or a clip of any machine are not shown. Control characters in names are escaped.
    """
    rows = machine_rows(evaluation)
    columns = [
        name for name in _TEXT_COLUMNS if name in _ALWAYS_SHOWN or any(_says_something(row.get(name)) for row in rows)
    ]
    mean, harmonic = dataclasses.asdict(evaluation.mean), dataclasses.asdict(evaluation.harmonic_mean)
    mean["auc_standard_error"] = evaluation.mean_auc_standard_error
    lines = [
        [_TEXT_COLUMNS[name] for name in columns],
        *([word(row[name]) for name in columns] for row in rows),
        *(
            [label if name == "machine_type" else word(figures.get(name, "")) for name in columns]
            for label, figures in (("mean", mean), ("harmonic mean", harmonic))
        ),
    ]
    n_machines = f"{evaluation.machines_scored} of {len(rows)} machines"
    return "\n".join(
        [
            *aligned(lines, left=[name in ("machine_type", "machine_id", "note") for name in columns]),
            f"official score ({evaluation.protocol}, {n_machines}): {_official(evaluation)}",
            _left_out(rows),
            *(nights_text(evaluation.nights) if evaluation.nights is not None else ()),
            *(f"note: {word(line)}" for line in evaluation.notes),
            "",
        ]
    )


def _official(evaluation: Evaluation) -> str:
    error = evaluation.official_score_standard_error
    return word(evaluation.official_score) + (f" +/- {word(error)}" if error is not None else "")


def _machine_json(machine: MachineEvaluation) -> dict[str, Any]:
    tree = dataclasses.asdict(machine)
    for name, suffix in _DECISION_COLUMNS.items():
        del tree[name]
        decisions: Decisions = getattr(machine, name)
        tree |= {f"{key}{suffix}": value for key, value in dataclasses.asdict(decisions).items()}
    return tree


def _flat(machine: MachineEvaluation) -> dict[str, Any]:
    tree = _machine_json(machine)
    counts, note = tree.pop("counts"), tree.pop("note")
    return {**tree, **counts, "note": note}


def _says_something(value: Any) -> bool:
    return value is not None and value != "" and not (isinstance(value, int) and value == 0)


def word(value: Any) -> str:
    """A cell of a plain-text table: four decimals, ``n/a`` for None, control characters escaped."""
    match value:
        case None:
            return "n/a"
        case float():
            return f"{value:.4f}"
        case _:
            return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))


def aligned(lines: Sequence[Sequence[str]], left: Sequence[bool]) -> Iterator[str]:
    """Lines of words in columns of one width.

    Args:
        lines: of as many words each.
        left: of each column, true where words stand at its left edge.
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [
            word.ljust(width) if is_left else word.rjust(width)
            for word, width, is_left in zip(line, widths, left, strict=True)
        ]
        yield "  ".join(cells).rstrip()


def _left_out(rows: list[dict[str, Any]]) -> str:
    errors, unlabelled, training = (sum(row[name] for row in rows) for name in ("errors", "unlabelled", "training"))
    return f"clips left out: {errors} errors, {unlabelled} of unknown condition, {training} for training"
