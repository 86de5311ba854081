"""``asd nightly``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jobs.caption_options import caption_options, caption_order, captioner_for, captions_text
from jobs.cheap_checks import check_date
from jobs.console import report_text
from jobs.job import Job, on_archive
from jobs.nothing_scored import without_scorer
from jobs.notify import messages_text
from jobs.notify_options import notify_options, telling_failures
from jobs.options import include_train_option

if TYPE_CHECKING:
    from asd_core.runs.nightly import NightlyResult
    from asd_core.runs.notify import Audience, Outcome


@click.command("nightly")
@click.argument("archive", required=False)
@click.option("--date", metavar="DATE", help="The night. [default: the latest in the archive]")
@include_train_option
@click.option(
    "--max-error-rate",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Fail, and publish nothing, above this share of errors.",
)
@click.option("--no-report", is_flag=True, help="Write no report.")
@click.option("--no-captions", is_flag=True, help="Flag clips without explaining them.")
@caption_options
@notify_options
@telling_failures
@on_archive
def command(
    job: Job,
    audience: Audience | None,
    date: str | None,
    include_train: bool,
    max_error_rate: float,
    no_report: bool,
    no_captions: bool,
    **options: Any,
) -> None:
    """Score one night's recordings, explain those that sound wrong, and write the night's report.

    The night is the latest one in ARCHIVE, or the recordings of split test where the archive has splits. Where it has
    neither dates nor splits, the night is the recordings that have no score yet. Every recording ends as a score, or as
    an error with its reason. Run the same command again to finish a broken run. A finished run is not repeated.

    \b
    Example:
      asd nightly recordings --store store --date 2026-11-19
    """
    from asd_core.clips.notes import notes_on_no_date
    from asd_core.clips.selection import clips_to_score
    from asd_core.clips.splits import notes_on_no_split
    from asd_core.runs.nightly import nightly
    from asd_core.runs.undated_night import undated_night

    check_date(date)
    order, llm = (None, None) if no_captions else caption_order(options, job.recipe)
    listed = job.clips()
    clips, night = clips_to_score(listed, date, latest=True, include_train=include_train)
    clips, note = undated_night(job.store, job.recipe.key(), clips) if night is None else (clips, None)
    for line in [*notes_on_no_split(listed), *notes_on_no_date(listed), *filter(None, [note])]:
        job.talk.say(f"note: {line}")
    if night:
        job.talk.say(f"the night of {night}: {len(clips)} clips")
    with job.engine("nightly", night) as engine:
        done = nightly(
            job.store,
            job.recipe,
            clips,
            engine,
            job.talk.progress,
            captions=order,
            open_captioner=captioner_for(job, llm),
            max_error_rate=max_error_rate,
            writes_reports=not no_report,
        )
        job.metrics.night(done.record, done.alarms)
    if done.record["already_complete"]:
        job.talk.say(f"run {done.record['run_id']} was complete already: nothing to score")
    said = [] if done.alarms is None else [night.text() for night in done.alarms]
    explained = [captions_text(done.captions)] if done.captions else []
    pages = [report_text(page) for page in done.reports]
    told = _told(job, done, audience) if audience is not None else None
    notes = [*without_scorer(clips, done.record), *(told.notes() if told else [])]
    named = None if done.alarms is None else [row for night in done.alarms for row in night.json()["alarms"]]
    more = {
        "reports": done.reports,
        "captions": done.captions,
        "alarms": named,
        "messages": told.json() if told else None,
    }
    job.result(done.record, *said, *explained, *pages, *([messages_text(told)] if told else []), notes=notes, **more)
    job.refuse_silence(listed, done.record)
    if done.failure is not None:
        raise done.failure


def _told(job: Job, done: NightlyResult, audience: Audience) -> Outcome:
    """Tell receivers of the newest night of a run."""
    from asd_core.clips.clip import UNDATED
    from asd_core.runs.notify import tell_night

    newest = max(done.alarms or (), key=lambda night: (night.date != UNDATED, night.date), default=None)
    is_whole = done.failure is None and bool(done.record["counts"]["scored"])
    return tell_night(job.store, job.recipe.key(), newest, audience, is_whole=is_whole)
