"""Standings of submitted systems for programs (JSON), spreadsheets (CSV) and people (plain text)."""

from __future__ import annotations

import dataclasses
from typing import Any

from asd_core.evaluation.csv_cells import csv_table
from asd_core.evaluation.standings import METRICS, Standing, Standings
from asd_core.evaluation.tables import aligned, machine_rows, to_json, to_text, word

_FEW = 5  # systems whose machines are printed one by one
_COLUMNS = {
    "system": "system",
    "official_score": "official score",
    "standard_error": "+/-",
    "auc_source": "AUC source",
    "auc_target": "AUC target",
    "auc": "AUC",
    "pauc": "pAUC",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "machines": "machines",
}


def standings_json(standings: Standings) -> dict[str, Any]:
    """The standings as nested dicts and lists, ready for ``json.dumps``."""
    return {
        "protocol": standings.protocol,
        "machines": standings.machines,
        "systems": [_system_json(system) for system in standings.systems],
        "remarks": list(standings.remarks),
    }


def systems_csv(standings: Standings) -> str:
    """One line per system, the best first: its official score, interval and means."""
    return csv_table([_system_row(system) for system in standings.systems])


def machines_csv(standings: Standings) -> str:
    """One line per system and machine: the columns of `asd_core.evaluation.tables.to_csv` behind the system."""
    rows = [
        {"system": system.system, **row}
        for system in standings.systems
        if system.evaluation is not None
        for row in machine_rows(system.evaluation)
    ]
    return csv_table(rows) if rows else ""


def standings_text(standings: Standings) -> str:
    """A table of systems, and one of machines for each of them where they are few."""
    rows = [_text_row(system, standings.machines) for system in standings.systems]
    shown = [name for name in _COLUMNS if any(row[name] is not None for row in rows)]
    lines = [[_COLUMNS[name] for name in shown], *([word(row[name]) for name in shown] for row in rows)]
    parts = [
        f"{len(rows)} system{'s' * (len(rows) > 1)}, {standings.machines} machines, {standings.protocol}; "
        "AUC, pAUC, precision, recall and F1 are harmonic means",
        "",
        *aligned(lines, left=[name == "system" for name in shown]),
    ]
    if len(rows) <= _FEW:
        for system in standings.systems:
            if system.evaluation is not None:
                parts += ["", f"{word(system.system)}:", to_text(system.evaluation).rstrip("\n")]
    return "\n".join([*parts, ""])


def _system_json(system: Standing) -> dict[str, Any]:
    tree = {
        field.name: getattr(system, field.name) for field in dataclasses.fields(system) if field.name != "evaluation"
    }
    tree["means"] = dataclasses.asdict(system.means) if system.means else None
    tree["means_by_machine_type"] = {
        kind: dataclasses.asdict(means) for kind, means in system.means_by_machine_type.items()
    }
    tree["interval"] = list(system.interval) if system.interval else None
    for name in ("problems", "remarks"):
        tree[name] = list(tree[name])
    return tree | {"evaluation": to_json(system.evaluation) if system.evaluation else None}


def _system_row(system: Standing) -> dict[str, Any]:
    low, high = system.interval or (None, None)
    row = {
        "system": system.system,
        "official_score": system.official_score,
        "standard_error": system.standard_error,
        "low": low,
        "high": high,
        "official_score_ci95": system.official_score_ci95,
        "machines_scored": system.evaluation.machines_scored if system.evaluation else 0,
    }
    for kind in ("arithmetic_mean", "harmonic_mean", "source_harmonic_mean", "target_harmonic_mean"):
        figures = (getattr(system.means, kind) if system.means else None) or {}
        row |= {f"{name}_{kind}": figures.get(name) for name in METRICS}
    return row | {"problems": "; ".join(system.problems)}


def _text_row(system: Standing, machines: int) -> dict[str, Any]:
    means = system.means
    scored = system.evaluation.machines_scored if system.evaluation else 0
    source = (means.source_harmonic_mean if means else None) or {}
    target = (means.target_harmonic_mean if means else None) or {}
    whole = means.harmonic_mean if means else {}
    return {
        "system": system.system,
        "official_score": system.official_score,
        "standard_error": system.standard_error,
        "auc_source": source.get("auc"),
        "auc_target": target.get("auc"),
        "auc": None if source else whole.get("auc"),
        **{name: whole.get(name) for name in METRICS[1:]},
        "machines": f"{scored} of {machines}",
    }
