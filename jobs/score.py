"""``asd score``."""

from __future__ import annotations

import click

from jobs.console import counts_text, note_text
from jobs.job import Job, on_archive


@click.command("score")
@click.argument("archive", required=False)
@click.option("--date", metavar="DATE", help="Only recordings of this date.")
@click.option("--include-train", is_flag=True, help="Also clips of split train.")
@on_archive
def command(job: Job, date: str | None, include_train: bool) -> None:
    """Score recordings with the machines' newest scorers: all but those of split train, or those of one date.

    ARCHIVE may be left out where embeddings are stored.

    \b
    Example:
      asd score recordings --recipe twfr-gmm --store store --date 2026-11-19
    """
    from asd_core.runs.score import score
    from jobs.clips import clips_to_score

    clips, _ = clips_to_score(job.clips(), date, latest=False, include_train=include_train)
    with job.engine("score", date) as engine:
        record = score(job.store, job.recipe, clips, engine, job.talk.progress)
    if record["already_complete"]:
        job.talk.say(f"run {record['run_id']} was complete already: nothing to do")
    counts = record["counts"]
    notes = job.recipe.notes()
    summary = {**counts, "key": record["key"], "run_id": record["run_id"], "notes": notes}
    summary["seconds"] = sum(record["seconds"].values())
    job.talk.result(summary, "\n".join([counts_text(counts), *map(note_text, notes)]))
