"""Metrics of a command: counted while it works, exported by Ray where it runs, and added to a file at its end."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import click

from asd_core.errors import AsdError
from asd_core.metrics.recorder import Counts
from asd_core.metrics.table import RUN_LABELS

if TYPE_CHECKING:
    from types import TracebackType

    from asd_core.recipe.recipe import Recipe
    from asd_core.runs.alarm_summary import AlarmSummary
    from jobs.run_log import RunLog

_COUNTED = ("listed", "scored", "errors", "flagged")


class RunMetrics:
    """The metrics of one command; a context manager, which writes them to their file however the command ends.

    Args:
        command: its name.
        recipe: its name, as far as it is known before the recipe is read.
        place: of the file; None for none.
        log: of the run: is told that the file could not be written.

    Attributes:
        counts: all that is counted.

    Raises:
        UsageError: no file of metrics can be written there; nothing is done then.
    """

    def __init__(self, command: str, recipe: str, place: str | None, log: RunLog) -> None:
        from asd_core.metrics.textfile import check_place

        self.counts = Counts(command, Path(recipe).name.removesuffix(".toml"))
        self._command, self._log = command, log
        self._path = None if place is None else Path(place)
        self._start = time.monotonic()
        self._record: Mapping[str, Any] = {}
        if self._path is not None:
            check_place(self._path)

    def __enter__(self) -> Self:
        """The metrics themselves."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Write the file; an error of that never hides the command's own, nor fails it."""
        if self._path is None:
            return
        from asd_core.metrics.textfile import add_to_file
        from jobs.endings import tell

        outcome = "complete" if error is None else "failed"
        if isinstance(error, KeyboardInterrupt | click.Abort):
            outcome = "interrupted"
        self._conclude(outcome)
        try:
            add_to_file(self._path, self.counts.values())
        except (OSError, AsdError) as failure:
            why = getattr(failure, "strerror", None) or failure
            tell(f"the metrics could not be written to {self._path}: {why}; all else is as it was", self._log)

    def of(self, recipe: Recipe, key: str) -> None:
        """Name the recipe and its KEY ("" for none), once they are known and before anything is counted."""
        self.counts.labels = tuple(zip(RUN_LABELS, (self._command, recipe.name, key), strict=True))

    def finished(self, record: Mapping[str, Any]) -> None:
        """Keep a run's record, of which the file gets numbers if nothing fails any more."""
        self._record = record

    def night(self, record: Mapping[str, Any], alarms: Iterable[AlarmSummary] | None) -> None:
        """Count the nights of a run that scored, and their alarms; a run that was complete before counts none.

        Args:
            record: of the run.
            alarms: of its nights; None where they could not be found.
        """
        nights = list(alarms or ())
        if not record["already_complete"]:
            self.counts.add("asd_nights_total", len(record["dates"]))
            new = sum(row["state"] == "new" for night in nights for row in night.alarms)
            self.counts.add("asd_new_alarms_total", new)
        for night in nights[-1:]:
            for tier, machines in night.tiers.items():
                self.counts.set("asd_machines", machines, tier=tier)

    def on_ray(self, opened: ExitStack) -> None:
        """Have Ray export what is counted, for as long as its session is open; called once it is."""
        import ray

        from cluster.metrics import RayMetrics

        self._log.ray_job = ray.get_runtime_context().get_job_id()
        exported = opened.enter_context(RayMetrics(self.counts.labels))
        opened.enter_context(self.counts.passed_on(exported))

    def _conclude(self, outcome: str) -> None:
        now = time.time()
        self.counts.add("asd_runs_total", outcome=outcome)
        self.counts.set("asd_last_run_timestamp_seconds", now)
        self.counts.set("asd_last_run_success", float(outcome == "complete"))
        self.counts.set("asd_last_run_seconds", time.monotonic() - self._start)
        if outcome != "complete":
            return
        self.counts.set("asd_last_success_timestamp_seconds", now)
        counted = self._record.get("counts", {})
        for name in _COUNTED:
            if name in counted:
                self.counts.set(f"asd_last_run_{name}", counted[name])
        if (night := latest_night(self._record.get("dates", ()))) is not None:
            self.counts.set("asd_last_night_timestamp_seconds", night)


def latest_night(dates: Iterable[str]) -> float | None:
    """The beginning of the latest of some dates, in UTC, as a Unix time; None where none is a date."""
    found = []
    for date in dates:
        try:
            found.append(datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
        except ValueError:  # recordings without a date
            continue
    return max(found, default=None)
