"""Marks of kept evidence and alarms: digests of the scores, the rule and the answers that they are made of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pyarrow as pa

from asd_core.digest import content_hash
from asd_core.recipe.alarm_settings import AlarmConfig
from asd_core.store.run_records import RunEntry

METHOD = "2"
"""Another one for evidence or rules that give other alarms from the same scores."""

_WORDS = "4"  # another one for other sentences of the same alarms; evidence stays


def told_by(
    config: AlarmConfig, runs: Sequence[RunEntry], answers: Mapping[str, list[str]], date: str
) -> dict[str, str]:
    """Marks of the alarms of a night that tell, without a look at other nights, what they are made of.

    Args:
        config: the rule.
        runs: that scored the night.
        answers: digests of all answers of people, see `digests_of_nights`.
        date: of the night, which depends on answers up to it.
    """
    answered = sorted(item for item in answers.items() if item[0] <= date)
    return {"rule": mark_of_rule(config), "scores": mark_of_scores(runs), "answers": digest(answered)}


def mark_of_rule(config: AlarmConfig) -> str:
    """A digest of a rule and of the method."""
    return digest([METHOD, _WORDS, asdict(config)])


def mark_of_scores(runs: Sequence[RunEntry]) -> str:
    """A digest of the runs that scored a night."""
    return digest([(run.committed_at, run.run_id) for run in runs])


def digests_of_nights(labels: pa.Table, maintenance: pa.Table | None = None) -> dict[str, list[str]]:
    """Date → a digest of what people said of its nights and clips, alone in a list; no date without anything.

    Args:
        labels: rows of LABELS that count.
        maintenance: rows of MAINTENANCE that count, each told at its first night; None for none.
    """
    names = [name for name in labels.column_names if name != "labelled_at"]
    told: dict[str, list[str]] = {}
    for row in labels.select(names).to_pylist():
        told.setdefault(row["date"], []).append(json.dumps(row, sort_keys=True))
    for row in [] if maintenance is None else maintenance.drop_columns("named_at").to_pylist():
        told.setdefault(row["since"], []).append(json.dumps(row, sort_keys=True))
    return {date: [digest(rows)] for date, rows in told.items()}


def digest(value: object) -> str:
    """A digest of a JSON value."""
    return content_hash(json.dumps(value).encode())
