"""The course of the trainings of several heads and members as one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from asd_core.training.history import HistoryRow


def joined_course(courses: Sequence[Sequence[HistoryRow]]) -> list[HistoryRow]:
    """The course of several trainings as one, a row for each epoch: steps added up, losses and rates averaged."""
    epochs: dict[int, list[HistoryRow]] = {}
    for course in courses:
        for row in course:
            epochs.setdefault(row["epoch"], []).append(row)
    found, steps = list[HistoryRow](), [0] * len(courses)
    for epoch, rows in sorted(epochs.items()):
        for number, course in enumerate(courses):
            steps[number] = max([steps[number], *(row["step"] for row in course if row["epoch"] == epoch)])
        found.append(
            {
                "step": sum(steps),
                "epoch": epoch,
                "loss": float(np.mean([row["loss"] for row in rows])),
                "learning_rate": float(np.mean([row["learning_rate"] for row in rows])),
                "validation_loss": _mean([row["validation_loss"] for row in rows]),
                "validation_accuracy": _mean([row["validation_accuracy"] for row in rows]),
            }
        )
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
