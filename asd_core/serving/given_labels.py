"""Labels that people gave a clip and its machine's night, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from asd_core.alarms.acknowledged import NightAnswer
from asd_core.alarms.labelled_nights import in_words
from asd_core.store.label_tables import REMOVED

_SHOWN = 20  # earlier answers


@dataclass(frozen=True)
class GivenLabel:
    """An answer of a person.

    Attributes:
        words: such as ``Labelled a fault by Ann ("loose belt")``.
        answer: as stored.
        at: when, for people.
    """

    words: str
    answer: str
    at: str


@dataclass(frozen=True)
class GivenLabels:
    """The answers on one subject.

    Attributes:
        current: the one that counts; None where there is none, or it was taken back.
        earlier: those before, the newest first, and a taking back that counts now.
    """

    current: GivenLabel | None = None
    earlier: tuple[GivenLabel, ...] = ()


def labels_of_clip(labels: pa.Table, uri: str) -> GivenLabels:
    """The answers on a clip, from `LabelTables.all_labels`."""
    return _given(labels, lambda row: row["uri"] == uri)


def labels_of_night(labels: pa.Table, machine_type: str, machine_id: str, date: str) -> GivenLabels:
    """The answers on a machine's night as a whole, likewise."""
    subject = (None, machine_type, machine_id, date)
    return _given(labels, lambda row: (row["uri"], row["machine_type"], row["machine_id"], row["date"]) == subject)


def _given(labels: pa.Table, is_meant: Any) -> GivenLabels:
    told = [_told(row) for row in reversed(labels.to_pylist()) if is_meant(row)]
    if not told or told[0].answer == REMOVED:
        return GivenLabels(None, tuple(told[:_SHOWN]))
    return GivenLabels(told[0], tuple(told[1 : _SHOWN + 1]))


def _told(row: Mapping[str, Any]) -> GivenLabel:
    at = f"{row['labelled_at']:%Y-%m-%d %H:%M} UTC"
    by = row["labelled_by"] or ""
    if row["answer"] == REMOVED:
        return GivenLabel("Label taken back" + (f" by {by}" if by else ""), REMOVED, at)
    answer = NightAnswer(row["answer"], row["words"] or "", row["until"], by)
    return GivenLabel(in_words(answer), row["answer"], at)
