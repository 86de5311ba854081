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

    The page of all nights, which every report leads to, is written along with it.

    \b
    Example:
      asd report --store store --date 2026-11-19
    """
    from asd_core.runs.fleet_pages import report_nights
    from asd_core.runs.report import report_night

    check_date(date)
    job.refuse_unscored()
    page = job.store.files.address(report_night(job.store, job.recipe, date))
    nights = report_nights(job.store, job.recipe, progress=job.talk.progress)
    all_nights = None if nights is None else job.store.files.address(nights)
    lines = [report_text(page), *([] if all_nights is None else [f"all nights: {all_nights}"])]
    job.talk.result({"report": page, "all_nights": all_nights}, "\n".join(lines))
