"""Lanes: each trial of Ray Tune is for one worker.

Tune gives a free actor to any waiting trial that asks for the same resources. It does so even where the trial's own
actor is just starting, and then stops that one; of free actors without a waiting trial it keeps a single one. A batch
may be shorter than an actor's start on a busy machine, so one worker would do all the work alone. A lane therefore asks
for resources of its own. It has one trial under way and one waiting: a batch, or a pause where there is none.
"""

from __future__ import annotations

_PAUSE_SECONDS = 0.25
_MOST_PAUSES = 24  # in a row, some six seconds: then the lane's CPU may go to a lane whose node was lost


class Lanes:
    """One lane for each worker.

    Args:
        count: number of workers.
    """

    def __init__(self, count: int) -> None:
        self._open = [0] * count
        self._pauses = [0] * count

    def free(self) -> int | None:
        """The lane with the fewest trials; None where each has one under way and one waiting."""
        lane = min(range(len(self._open)), key=self._open.__getitem__)
        return lane if self._open[lane] < 2 else None

    def work(self, lane: int) -> None:
        """Count a batch for this lane."""
        self._open[lane] += 1
        self._pauses[lane] = 0

    def pause(self, lane: int) -> float | None:
        """Count a pause for this lane and return its seconds; None where the lane has waited long enough."""
        if self._pauses[lane] >= _MOST_PAUSES:
            return None
        self._open[lane] += 1
        self._pauses[lane] += 1
        return _PAUSE_SECONDS

    def done(self, lane: int) -> None:
        """Count the end of a trial of this lane."""
        self._open[lane] -= 1
