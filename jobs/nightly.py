"""``asd nightly``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jobs.console import Talk, counts_text
from jobs.options import (
    archive_options,
    engine_options,
    listed_clips,
    lock_option,
    only_run,
    open_engine,
    open_recipe,
    open_store_of,
    output_options,
    recipe_options,
    store_option,
)

if TYPE_CHECKING:
    from asd_core.engine import Engine
    from asd_core.recipe import Recipe
    from asd_core.store import Store


@click.command("nightly")
@click.argument("archive", required=False)
@recipe_options
@store_option
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
@archive_options
@engine_options
@lock_option
@output_options
def command(
    archive: str | None,
    recipe_name: str,
    settings: tuple[str, ...],
    encoder_name: str | None,
    store_url: str,
    date: str | None,
    include_train: bool,
    max_error_rate: float,
    no_report: bool,
    layout: str,
    pattern: str | None,
    channel: int | None,
    no_wait: bool,
    as_json: bool,
    quiet: bool,
    **engine: Any,
) -> None:
    """Score the recordings of one night (or of split test, where the archive has splits) and write the report.

    Every listed clip ends as a score or as an error with its reason. A run that broke is finished by the same command;
    one that is complete does nothing again.

    \b
    Example:
      asd nightly recordings --recipe twfr-gmm --store store --date 2026-11-19
    """
    from asd_core.runs import score
    from jobs.selection import clips_to_score

    recipe = open_recipe(recipe_name, settings, encoder_name, channel)
    store = open_store_of(store_url)
    with Talk(as_json=as_json, quiet=quiet) as talk:
        clips, night = clips_to_score(
            listed_clips(talk, store, recipe, archive, layout, pattern), date, latest=True, include_train=include_train
        )
        if night:
            talk.say(f"the night of {night}: {len(clips)} clips")
        with (
            only_run(talk, store, no_wait, "nightly", recipe.key(), archive, night),
            open_engine(talk, engine) as chosen,
        ):
            record = score(store, recipe, clips, chosen, talk.progress, job="nightly", max_error_rate=max_error_rate)
            pages = [] if no_report else reports(talk, store, recipe, record, chosen)
        if record["already_complete"]:
            talk.say(f"run {record['run_id']} was complete already: nothing to score")
        counts = record["counts"]
        summary = {**counts, "key": record["key"], "run_id": record["run_id"], "reports": pages}
        text = "\n".join([counts_text(counts), *(f"report: {page}" for page in pages)])
        talk.result({**summary, "seconds": sum(record["seconds"].values())}, text)


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
