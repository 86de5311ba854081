"""Opinion scores for programs (JSON), spreadsheets (CSV) and people (plain text)."""

from __future__ import annotations

import csv
import dataclasses
from typing import Any

from asd_core.evaluation.csv_cells import csv_table
from asd_core.evaluation.opinion_scores import INFORMATIVE, OpinionScores
from asd_core.evaluation.tables import aligned
from asd_core.readable import machine_name, readable


def to_json(scores: OpinionScores) -> dict[str, Any]:
    """Nested dicts and lists of str, int, float and None, ready for ``json.dumps``; without the single ratings."""
    tree = dataclasses.asdict(scores)
    for machine in tree["machines"]:
        del machine["values"]
    return tree


def to_csv(scores: OpinionScores) -> str:
    """One line per id and method under a header; text that a spreadsheet would take for a formula is made inert."""
    return csv_table(to_json(scores)["machines"], csv.QUOTE_NONNUMERIC)


def to_text(scores: OpinionScores) -> str:
    """An aligned table of the ids under every method, with each method's scores over all ids."""
    found = {(score.machine_type, score.machine_id, score.method): f"{score.mos:.2f}" for score in scores.machines}
    machines = dict.fromkeys((score.machine_type, score.machine_id) for score in scores.machines)
    methods = scores.methods
    lines = [
        ["MOS (1 worst, 5 best)", *(readable(method.method) for method in methods)],
        *([machine_name(*machine), *(found.get((*machine, m.method), "–") for m in methods)] for machine in machines),
        ["mean of ids", *(f"{method.mos:.2f}" for method in methods)],
        [f"ids over {INFORMATIVE:g}", *(f"{method.ids_over_3} of {method.ids}" for method in methods)],
        ["ratings", *(str(method.ratings) for method in methods)],
        ["agreement (alpha)", *(_alpha(method.agreement) for method in methods)],
    ]
    left = [True, *(False for _ in methods)]
    raters = ", ".join(map(readable, scores.raters[:10])) + ", ..." * (len(scores.raters) > 10)
    return "\n".join(
        [
            *aligned(lines, left),
            f"{scores.ratings} ratings of {scores.captions} captions of {scores.clips} clips by "
            f"{len(scores.raters)} raters ({raters}), agreement {_alpha(scores.agreement)} "
            "(Krippendorff's alpha: 1 all agree, 0 chance)",
        ]
    )


def _alpha(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"
