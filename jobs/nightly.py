"""``asd nightly``."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import AsdError, UsageError
from jobs.caption_options import caption_options, captions_text, open_captions
from jobs.console import Talk, counts_text, note_text
from jobs.job import Job, on_archive

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.pipeline.engine import Engine
    from asd_core.recipe.recipe import Recipe
    from asd_core.store.store import Store


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
@click.option("--no-report", is_flag=True, help="No page.")
@click.option("--no-captions", is_flag=True, help="Flag clips without explaining them.")
@caption_options
@on_archive
def command(
    job: Job,
    date: str | None,
    include_train: bool,
    max_error_rate: float,
    no_report: bool,
    no_captions: bool,
    **options: Any,
) -> None:
    """Score the recordings of one night (or of split test, where the archive has splits), explain those that are
    flagged, and write the report.

    Every listed clip ends as a score or as an error with its reason. A run that broke is finished by the same command;
    one that is complete does nothing again.

    \b
    Example:
      asd nightly recordings --recipe twfr-gmm --store store --date 2026-11-19
    """
    from jobs.clips import clips_to_score

    clips, night = clips_to_score(job.clips(), date, latest=True, include_train=include_train)
    if night:
        job.talk.say(f"the night of {night}: {len(clips)} clips")
    with job.engine("nightly", night) as engine:
        if no_captions:
            record, captions, failure = _scored(job, clips, engine, max_error_rate), None, None
        else:
            record, captions, failure = _captioned(job, clips, engine, max_error_rate, options)
        is_news = captions is not None and captions["asked"] > 0
        pages = [] if no_report else reports(job.talk, job.store, job.recipe, record, engine, is_news=is_news)
    if record["already_complete"]:
        job.talk.say(f"run {record['run_id']} was complete already: nothing to score")
    counts, notes = record["counts"], job.recipe.notes()
    summary = {
        **counts,
        "key": record["key"],
        "run_id": record["run_id"],
        "reports": pages,
        "captions": captions,
        "notes": notes,
    }
    lines = [
        counts_text(counts),
        *map(note_text, notes),
        *([captions_text(captions)] if captions else []),
        *(f"report: {page}" for page in pages),
    ]
    job.talk.result({**summary, "seconds": sum(record["seconds"].values())}, "\n".join(lines))
    if failure is not None:
        message = " ".join(str(failure).split()) or repr(failure)
        if captions is not None:
            raise AsdError(f"scores and captions are published, and then something went wrong: {message}") from failure
        raise AsdError(
            f"the scores are published, the captions are not: {message}; asd caption goes on from here"
        ) from failure


def _scored(job: Job, clips: pa.Table, engine: Engine, max_error_rate: float, **hooks: Any) -> dict[str, Any]:
    from asd_core.runs.score import score

    progress = job.talk.progress
    return score(job.store, job.recipe, clips, engine, progress, job="nightly", max_error_rate=max_error_rate, **hooks)


def _captioned(
    job: Job, clips: pa.Table, engine: Engine, max_error_rate: float, options: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None, Exception | None]:
    """Score and caption at once: the run's record, the captions' summary, and why there are none.

    Scores never depend on captions: whatever goes wrong with these is returned, but for wrong usage, which is refused
    before anything is done.
    """
    from asd_core.captions.selection import flagged

    with ExitStack() as opened:
        try:
            captions = opened.enter_context(open_captions(job, options, engine, keeps_evidence=True))
        except UsageError:
            raise
        except Exception as error:
            return _scored(job, clips, engine, max_error_rate), None, error
        record = _scored(
            job, clips, engine, max_error_rate, on_scored=lambda outcome: captions.add_flagged(outcome.files)
        )
        closing = opened.pop_all()
    summary = None
    try:
        with closing:
            if record["already_complete"]:  # what that run left over; of a new one all was added as it was scored
                captions.add(flagged(job.store.read_scores(record)))
            summary = captions.finish()
    except Exception as error:
        return record, summary, error
    return record, summary, None


def reports(
    talk: Talk, store: Store, recipe: Recipe, record: dict[str, Any], engine: Engine, *, is_news: bool = False
) -> list[str]:
    """Write the report of every date of a run, unless the run and its report were there before; their addresses."""
    from asd_core.runs.report import report_night, report_path

    pages = []
    for date in record["dates"]:
        path = report_path(recipe, date)
        if is_news or not (record["already_complete"] and store.files.exists(path)):
            talk.say(f"writing the report of {date}")
            report_night(store, recipe, date, map_function=engine.map)
        pages.append(store.files.address(path))
    return pages
