"""Answers in a file, a row each, as ``asd label --list`` prints them."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from asd_core.errors import UsageError, did_you_mean
from asd_core.evaluation.csv_cells import restored
from asd_core.runs.label import AskedLabel
from asd_core.store.alarm_schemas import LABELS
from asd_core.text_files import csv_rows, read_text

COLUMNS = (*(name for name in LABELS.names if name != "labelled_at"), "machine")
"""Columns that are read; ``machine`` is ``TYPE/ID``. ``labelled_at`` is passed over: an answer counts from now."""


def read_answers(path: str, labelled_by: str = "") -> list[AskedLabel]:
    """The answers in a CSV file, or in a file ``.jsonl`` with one JSON object a line.

    Args:
        path: of the file.
        labelled_by: name for rows without one.

    Raises:
        UsageError: it cannot be read, is no table, or has another column.
    """
    text = read_text(path, path)
    rows = _objects(text, path) if Path(path).suffix == ".jsonl" else _table(text, path)
    return [_asked(row, labelled_by) for row in rows]


def _asked(row: Mapping[str, Any], labelled_by: str) -> AskedLabel:
    told = {name: "" if row.get(name) is None else str(row[name]).strip() for name in COLUMNS}
    machine = told["machine"] or "/".join(filter(None, (told["machine_type"], told["machine_id"])))
    return AskedLabel(
        told["answer"],
        told["uri"],
        "" if told["uri"] else machine,
        told["date"],
        told["words"],
        told["until"],
        told["labelled_by"] or labelled_by,
    )


def _table(text: str, path: str) -> Iterable[Mapping[str, Any]]:
    try:
        rows = [[restored(cell) for cell in row] for _, row in csv_rows(text)]
    except csv.Error as error:
        raise UsageError(f"{path} is no CSV: {error}") from error
    if not rows:
        raise UsageError(f"{path} is empty: the first line names columns such as uri, answer and words")
    header = [name.strip() for name in rows[0]]
    _check_columns(header, path)
    return [dict(zip(header, row, strict=False)) for row in rows[1:]]


def _objects(text: str, path: str) -> Iterable[Mapping[str, Any]]:
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"line {number} of {path} is no JSON: {error}") from error
        if not isinstance(row, dict):
            raise UsageError(f"line {number} of {path} is no JSON object: {line[:60]!r}")
        _check_columns(row, path)
        found.append(row)
    return found


def _check_columns(names: Iterable[str], path: str) -> None:
    known = {*COLUMNS, "labelled_at"}
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"{path} has an unknown column {unknown[0]!r}{did_you_mean(unknown[0], known)}")
    if "answer" not in names:
        raise UsageError(f"{path} has no column answer: it says normal, fault, ignore or removed")
