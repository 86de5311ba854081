"""``asd nightly``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jobs.console import Talk, counts_text
from jobs.job import Job, on_archive

if TYPE_CHECKING:
    from asd_core.engine import Engine
    from asd_core.recipe import Recipe
    from asd_core.store import Store


@click.command("nightly")
@click.argument("archive", required=False)
@click.option("--date", metavar="DATE", help="The night. [default: the latest in the archive]")
@click.option("--include-train", is_flag=True, help="Also clips of split train.")
@click.option(
    "--max-error-rate",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="Fail, publishing nothing, above this share of errors.",
)
@click.option("--no-report", is_flag=True, help="Scores only.")
@on_archive
def command(job: Job, date: str | None, include_train: bool, max_error_rate: float, no_report: bool) -> None:
    """Score the recordings of one night (or of split test, where the archive has splits) and write the report.

    Every listed clip ends as a score or as an error with its reason. A run that broke is finished by the same command;
    one that is complete does nothing again.

    \b
    Example:
      asd nightly recordings --recipe twfr-gmm --store store --date 2026-11-19
    """
    from asd_core.runs import score
    from jobs.selection import clips_to_score

    clips, night = clips_to_score(job.clips(), date, latest=True, include_train=include_train)
    if night:
        job.talk.say(f"the night of {night}: {len(clips)} clips")
    with job.engine("nightly", night) as engine:
        record = score(
            job.store, job.recipe, clips, engine, job.talk.progress, job="nightly", max_error_rate=max_error_rate
        )
        pages = [] if no_report else reports(job.talk, job.store, job.recipe, record, engine)
    if record["already_complete"]:
        job.talk.say(f"run {record['run_id']} was complete already: nothing to score")
    counts = record["counts"]
    summary = {**counts, "key": record["key"], "run_id": record["run_id"], "reports": pages}
    text = "\n".join([counts_text(counts), *(f"report: {page}" for page in pages)])
    job.talk.result({**summary, "seconds": sum(record["seconds"].values())}, text)


def reports(talk: Talk, store: Store, recipe: Recipe, record: dict[str, Any], engine: Engine) -> list[str]:
    """Write the report of every date of a run, unless the run and its report were there before; their addresses."""
    from asd_core.nights import report_night, report_path

    pages = []
    for date in record["dates"]:
        path = report_path(recipe, date)
        if not (record["already_complete"] and store.files.exists(path)):
            talk.say(f"writing the report of {date}")
            report_night(store, recipe, date, map_function=engine.map)
        pages.append(store.files.address(path))
    return pages
