"""``asd score``."""

from __future__ import annotations

import click

from jobs.cheap_checks import check_date
from jobs.job import Job, on_archive
from jobs.nothing_scored import without_scorer
from jobs.options import include_train_option


@click.command("score")
@click.argument("archive", required=False)
@click.option("--date", metavar="DATE", help="Only recordings of this date.")
@include_train_option
@on_archive
def command(job: Job, date: str | None, include_train: bool) -> None:
    """Score recordings with the newest scorer of each machine; no explanations and no report.

    The recordings of split test are scored where the archive has splits, else all, or only those of one date. Leave
    ARCHIVE out to score what is embedded in the store.

    \b
    Example:
      asd score recordings --store store --date 2026-11-19
    """
    from asd_core.clips.selection import clips_to_score
    from asd_core.clips.splits import notes_on_no_split
    from asd_core.runs.score import score

    check_date(date)
    listed = job.clips()
    clips, _ = clips_to_score(listed, date, include_train=include_train)
    for note in notes_on_no_split(listed):
        job.talk.say(f"note: {note}")
    with job.engine("score", date) as engine:
        record = score(job.store, job.recipe, clips, engine, job.talk.progress)
    if record["already_complete"]:
        job.talk.say(f"run {record['run_id']} was complete already: nothing to do")
    job.result(record, notes=without_scorer(clips, record))
    job.refuse_silence(listed, record)
