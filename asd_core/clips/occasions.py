"""Recordings that were made together: takes of one night or session are alike, so that they are left out together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from asd_core.clips.clip import UNDATED

_PAUSE = timedelta(hours=1)  # without a recording, after which the next one begins a session of its own
_SESSION = "session of "


def occasions(dates: Sequence[str], times: Sequence[datetime | None]) -> list[str]:
    """The occasion of each of a machine's recordings: its night, else its session, else "" where nothing is known.

    Recordings without a date are of one session until an hour passes between two of them.

    Args:
        dates: (N,) nights of the recordings, or "undated".
        times: (N,) moments of the recordings; None where they are not known.

    Example:
        >>> occasions(["2026-11-19", "undated", "undated"], [None, datetime(2026, 11, 20, 3), None])
        ['2026-11-19', 'session of 2026-11-20 03:00:00', '']
    """
    found = ["" if date == UNDATED else date for date in dates]
    timed = [(time, place) for place, time in enumerate(times) if time is not None and not found[place]]
    start = before = None
    for time, place in sorted(timed, key=lambda pair: pair[0]):
        if start is None or before is None or time - before > _PAUSE:
            start = time
        before = time
        found[place] = f"{_SESSION}{start:%Y-%m-%d %H:%M:%S}"
    return found


def kind_of_occasion(occasion: str) -> str:
    """``night``, ``session``, or ``clip`` for a recording of which nothing is known."""
    return "clip" if not occasion else "session" if occasion.startswith(_SESSION) else "night"


def numbered(names: Sequence[str]) -> NDArray[np.int64]:
    """Number of each name, (N,), from 0 in the order in which names come first."""
    first: dict[str, int] = {}
    return np.array([first.setdefault(name, len(first)) for name in names], np.int64)


def occasion_numbers(taken: Sequence[str]) -> NDArray[np.int64]:
    """Number of each recording's occasion, (N,); one of which nothing is known is an occasion of its own.

    Example:
        >>> occasion_numbers(["2026-11-19", "2026-11-19", "", ""]).tolist()
        [0, 0, 1, 2]
    """
    return numbered([name or f"\0{place}" for place, name in enumerate(taken)])
