"""``asd caption``."""

from __future__ import annotations

from typing import Any

import click

from jobs.caption_options import (
    ask_again_option,
    caption_options,
    caption_order,
    captioner_for,
    captions_text,
    top_option,
)
from jobs.cheap_checks import check_date
from jobs.console import report_text
from jobs.job import Job, on_store


@click.command("caption")
@click.option("--date", metavar="DATE", help="The night. [default: the latest scored]")
@top_option
@click.option("--no-report", is_flag=True, help="Write no report.")
@ask_again_option
@caption_options
@on_store
def command(job: Job, date: str | None, top: int | None, no_report: bool, **options: Any) -> None:
    """Explain the flagged clips of a scored night that are not explained yet, and write its report again.

    \b
    Example:
      asd caption --store store --date 2026-11-19
    """
    from asd_core.captions.selection import flagged, highest
    from asd_core.errors import AsdError
    from asd_core.runs.caption import CaptionRun
    from asd_core.runs.fleet_pages import report_nights
    from asd_core.runs.report import latest_scored, report_night

    check_date(date)
    order, llm = caption_order(options, job.recipe)
    job.refuse_unscored()
    key = job.recipe.key()
    date = date or latest_scored(job.store, key)
    scores = job.store.scores(key, date)
    if not len(scores):
        raise AsdError(f"nothing is scored for {key} on {date}: run asd nightly --date {date} first")
    rows = highest(scores, top) if top else flagged(scores)
    job.talk.say(f"the night of {date}: {len(rows)} clips")
    with job.engine("caption", date) as engine:
        opener = captioner_for(job, llm)
        with CaptionRun(job.store, job.recipe, order, engine, opener, job.talk.progress) as run:
            run.add(rows)
            counts = run.finish()
        page = None if no_report else job.store.files.address(report_night(job.store, job.recipe, date, engine.map))
        if page is not None:
            report_nights(job.store, job.recipe, engine, job.talk.progress)
    text = captions_text(counts) + (f"\n{report_text(page)}" if page else "")
    job.talk.result({**counts, "key": key, "date": date, "report": page}, text)
