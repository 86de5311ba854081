"""``asd score``."""

from __future__ import annotations

from typing import Any

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


@click.command("score")
@click.argument("archive", required=False)
@recipe_options
@store_option
@click.option("--date", metavar="DATE", help="Only recordings of this date.")
@click.option("--include-train", is_flag=True, help="Also clips of split train.")
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
    layout: str,
    pattern: str | None,
    channel: int | None,
    no_wait: bool,
    as_json: bool,
    quiet: bool,
    **engine: Any,
) -> None:
    """Score recordings with the machines' newest scorers: all but those of split train, or those of one date.

    ARCHIVE may be left out where embeddings are stored.

    \b
    Example:
      asd score recordings --recipe twfr-gmm --store store --date 2026-11-19
    """
    from asd_core.runs import score
    from jobs.selection import clips_to_score

    recipe = open_recipe(recipe_name, settings, encoder_name, channel)
    store = open_store_of(store_url)
    with Talk(as_json=as_json, quiet=quiet) as talk:
        clips, _ = clips_to_score(
            listed_clips(talk, store, recipe, archive, layout, pattern), date, latest=False, include_train=include_train
        )
        with only_run(talk, store, no_wait, "score", recipe.key(), archive, date), open_engine(talk, engine) as chosen:
            record = score(store, recipe, clips, chosen, talk.progress)
        if record["already_complete"]:
            talk.say(f"run {record['run_id']} was complete already: nothing to do")
        counts = record["counts"]
        summary = {
            **counts,
            "key": record["key"],
            "run_id": record["run_id"],
            "seconds": sum(record["seconds"].values()),
        }
        talk.result(summary, counts_text(counts))
