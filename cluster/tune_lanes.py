"""Which worker a trial of Ray Tune is for.

Tune gives an actor that has become free to any waiting trial that asks for the same, also to one whose own actor is
just starting, and stops that one; of free actors for which no trial waits it keeps a single one. A batch may be shorter
than an actor's start on a busy machine, and then one worker would do all the work alone. So a trial is for a lane,
which asks for resources of its own; a lane has one trial under way and one waiting: a batch, or a pause where there
is none.
"""

from __future__ import annotations

_PAUSE_SECONDS = 0.25
_MOST_PAUSES = 24  # in a row, some six seconds: then the lane's CPU may go to a lane whose node was lost


class Lanes:
    """As many lanes as there are workers.

    Args:
        count: of workers.
    """

    def __init__(self, count: int) -> None:
        self._open = [0] * count
        self._pauses = [0] * count

    def free(self) -> int | None:
        """The lane with the fewest trials; None where each has one under way and one waiting."""
        lane = min(range(len(self._open)), key=self._open.__getitem__)
        return lane if self._open[lane] < 2 else None

    def work(self, lane: int) -> None:
        """A batch is for this lane."""
        self._open[lane] += 1
        self._pauses[lane] = 0

    def pause(self, lane: int) -> float | None:
        """Seconds for which this lane is to wait for work; None where it has waited long enough."""
        if self._pauses[lane] >= _MOST_PAUSES:
            return None
        self._open[lane] += 1
        self._pauses[lane] += 1
        return _PAUSE_SECONDS

    def done(self, lane: int) -> None:
        """A trial of this lane is over."""
        self._open[lane] -= 1
