"""One night from its clips to its pages: scores, then alarms, captions and reports.

Scores depend on nothing that comes after them. Whatever goes wrong with alarms or captions is kept as the night's
failure: scores and reports are published all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Self

import pyarrow as pa

from asd_core.captions.selection import CaptionOrder, flagged
from asd_core.errors import AsdError, UsageError
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.pipeline.machine_tasks import ScoreOutcome
from asd_core.recipe.recipe import Recipe
from asd_core.runs.alarm_summary import AlarmSummary
from asd_core.runs.alarms import find_alarms
from asd_core.runs.caption import CaptionRun, OpenCaptioner
from asd_core.runs.fleet_pages import report_nights
from asd_core.runs.report import is_stale, report_night, report_path
from asd_core.runs.score import score
from asd_core.store.store import Store

MEASURED = CaptionOrder("acoustic")
"""Captions that state measured differences; no language model is asked."""


@dataclass(frozen=True)
class NightlyResult:
    """One night's outcome.

    Attributes:
        record: of the scoring run, as `asd_core.runs.score.score` returns it.
        captions: counts of the captions, as `CaptionRun.finish` returns them; None where there are none.
        alarms: of each date, in their order; None where they could not be found.
        reports: addresses of the pages, one for each date.
        failure: the first error of the alarms or the captions; None where nothing failed. Scores and reports are
            published.
    """

    record: dict[str, Any]
    captions: dict[str, Any] | None
    alarms: list[AlarmSummary] | None
    reports: list[str]
    failure: AsdError | None


def nightly(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    engine: Engine,
    progress: Progress = no_progress,
    *,
    captions: CaptionOrder | None = MEASURED,
    open_captioner: OpenCaptioner | None = None,
    max_error_rate: float = 1.0,
    writes_reports: bool = True,
) -> NightlyResult:
    """Score the clips of a night, find its alarms, explain the flagged clips, and write the reports.

    A night that was stopped is finished by the same call; a finished night is not repeated.

    Args:
        store: where embeddings, scorers, scores, captions and reports are.
        recipe: whose scorers.
        clips: the night's, rows of CLIPS with unique clip ids.
        engine: where the work is done.
        progress: called with (stage, done, total).
        captions: how flagged clips are explained; None leaves them unexplained.
        open_captioner: opens the language model that writes the captions; None without one.
        max_error_rate: above this share of errors nothing is published.
        writes_reports: whether pages are written.

    Raises:
        UsageError: the captions need what the recipe does not name; nothing is done then.
        AsdError: too many errors, or counts that do not agree; nothing is published then.
    """
    open_run = None
    if captions is not None:
        order = replace(captions, keeps_evidence=True)
        open_run = partial(CaptionRun, store, recipe, order, engine, open_captioner, progress)
    with _Captions(open_run) as explained:
        record = score(
            store,
            recipe,
            clips,
            engine,
            progress,
            job="nightly",
            max_error_rate=max_error_rate,
            on_scored=explained.add,
        )
        # They need every score, and must not wait for a language model.
        alarms, failure = _alarms(store, recipe, record, engine, progress)
        explained.finish(store, record)
    pages = []
    if writes_reports:
        is_news = explained.counts is not None and explained.counts["asked"] > 0
        pages = _reports(store, recipe, record, engine, progress, alarms or (), is_news=is_news)
    return NightlyResult(record, explained.counts, alarms, pages, failure or explained.failure)


def _alarms(
    store: Store, recipe: Recipe, record: Mapping[str, Any], engine: Engine, progress: Progress
) -> tuple[list[AlarmSummary] | None, AsdError | None]:
    """The alarms of a run's dates, or the error that stopped them; scores are published all the same."""
    try:
        found = find_alarms(store, recipe, record["dates"], engine, progress)
    except AsdError as error:
        message = f"the scores are published, the alarms are not: {error}; asd alarms goes on from here"
        failure = AsdError(message)
        failure.__cause__ = error
        return None, failure
    config = recipe.for_machine("").alarm
    return [AlarmSummary(date, rows, config) for date, rows in found.items()], None


class _Captions:
    """The captions of a night, made while it is scored; their failures are kept and never reach the scores.

    Args:
        open_run: opens the caption run; None for no captions.

    Attributes:
        counts: of the published captions; None without any.
        failure: the first error.

    Raises:
        UsageError: the captions need what the recipe does not name.
    """

    def __init__(self, open_run: Callable[[], CaptionRun] | None) -> None:
        self._run: CaptionRun | None = None
        self.counts: dict[str, Any] | None = None
        self.failure: AsdError | None = None
        try:
            self._run = open_run() if open_run is not None else None
        except UsageError:
            raise
        except Exception as error:
            self._fail(error)

    def __enter__(self) -> Self:
        """The captions themselves."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the captioner."""
        if self._run is not None:
            try:
                self._run.__exit__(*error)
            except Exception as closing:
                self._fail(closing)

    def add(self, outcome: ScoreOutcome) -> None:
        """Take the flagged clips of machines that were scored just now."""
        if self._run is not None:
            self._run.add_flagged(outcome.files)

    def finish(self, store: Store, record: Mapping[str, Any]) -> None:
        """Wait for the captions of a run and publish them."""
        if self._run is None:
            return
        try:
            if record["already_complete"]:  # nothing was scored, so nothing was added
                self._run.add(flagged(store.read_scores(record)))
            self.counts = self._run.finish()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        message = " ".join(str(error).split()) or repr(error)
        if self.counts is not None:
            message = f"scores and captions are published, and then something went wrong: {message}"
        else:
            message = f"the scores are published, the captions are not: {message}; asd caption goes on from here"
        if self.failure is None:
            self.failure = AsdError(message)
            self.failure.__cause__ = error


def _reports(
    store: Store,
    recipe: Recipe,
    record: Mapping[str, Any],
    engine: Engine,
    progress: Progress,
    alarms: Iterable[AlarmSummary],
    *,
    is_news: bool,
) -> list[str]:
    """Addresses of the pages of a run's dates; a page without news, of a rule that has not changed, stays.

    That of all nights follows.
    """
    dates, pages, found = record["dates"], [], {night.date: night for night in alarms}
    for done, date in enumerate(dates):
        path = report_path(recipe, date)
        is_there = record["already_complete"] and store.files.exists(path)
        if is_news or not is_there or (date in found and is_stale(store, recipe, found[date])):
            progress("writing reports", done, len(dates))
            report_night(store, recipe, date, engine.map, found.get(date))
            progress("writing reports", done + 1, len(dates))
        pages.append(store.files.address(path))
    report_nights(store, recipe, engine, progress)
    return pages
