"""Histories of fleets, drawn as letters."""

import numpy as np

from asd_core.pages.fleet import FleetHistory, NightCounts
from asd_core.pages.fleet.contents import LETTERS, Cell, evidence_codes

DATES = [f"2026-11-{day:02d}" for day in range(1, 31)]


def night_of(date, letters, **changes):
    cells = tuple(sum(LETTERS.index(letter) == cell for letter in letters) for cell in Cell)
    judged = sum(cells[Cell.WITHIN_CHANCE :])
    counts = {"found": cells[Cell.NEW], "expected": 0.2 if judged else 0.0}
    return NightCounts(date, cells=cells, **(counts | changes))


def history(drawn, reports=(), **changes):
    """Machine (type, id) → a letter for each night; p of an alarm is 1/1000, of a watched night 1/100, else 1/2."""
    cells = np.array([[LETTERS.index(letter) for letter in letters] for letters in drawn.values()], np.uint8)
    judged = [cells >= Cell.CONTINUING, cells == Cell.WATCH, cells >= Cell.WITHIN_CHANCE]
    p_values = np.select(judged, [1e-3, 0.01, 0.5], np.nan)
    lasted = [len(letters) - len(letters.rstrip("A")) + 1 if letters[-1] in "AN" else 0 for letters in drawn.values()]
    columns = ["".join(column) for column in zip(*drawn.values(), strict=True)]
    dated = zip(DATES, columns, strict=False)
    nights = [night_of(date, letters, has_report=date in reports) for date, letters in dated]
    drifted_by = changes.get("drifted_by", np.full(len(drawn), np.nan))
    given = {
        "nights": nights,
        "machines": list(drawn),
        "cells": cells,
        "evidence": evidence_codes(p_values),
        "drifts": np.repeat(~np.isnan(drifted_by)[:, None], cells.shape[1], axis=1),
        "drifted_by": drifted_by,
        "nights_in_alarm": np.array(lasted),
        "headline": "1 machine is in alarm.",
    }
    return FleetHistory("fleet", "fleet-1a2b", **(given | changes))
