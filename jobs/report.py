"""``asd report``."""

from __future__ import annotations

import click

from jobs.cheap_checks import check_date
from jobs.console import report_text
from jobs.job import Job, on_scores


@click.command("report")
@click.option("--date", metavar="DATE", help="The night. [default: the latest scored]")
@on_scores
def command(job: Job, date: str | None) -> None:
    """Write the report of a scored night again, from what is stored, with alarms by [alarm] as it is now.

    \b
    Example:
      asd report --store store --date 2026-11-19
    """
    from asd_core.runs.report import report_night

    check_date(date)
    job.refuse_unscored()
    page = job.store.files.address(report_night(job.store, job.recipe, date))
    job.talk.result({"report": page}, report_text(page))
