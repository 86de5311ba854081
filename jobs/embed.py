"""``asd embed``."""

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


@click.command("embed")
@click.argument("archive")
@recipe_options
@store_option
@archive_options
@engine_options
@lock_option
@output_options
def command(
    archive: str,
    recipe_name: str,
    settings: tuple[str, ...],
    encoder_name: str | None,
    store_url: str,
    layout: str,
    pattern: str | None,
    channel: int | None,
    no_wait: bool,
    as_json: bool,
    quiet: bool,
    **engine: Any,
) -> None:
    """Embed the recordings of ARCHIVE that are not embedded yet.

    \b
    Example:
      asd embed recordings --recipe twfr-gmm --store store
    """
    from asd_core.runs import embed_run

    recipe = open_recipe(recipe_name, settings, encoder_name, channel)
    store = open_store_of(store_url)
    with Talk(as_json=as_json, quiet=quiet) as talk:
        clips = listed_clips(talk, store, recipe, archive, layout, pattern)
        with only_run(talk, store, no_wait, "embed", recipe.key(), archive), open_engine(talk, engine) as chosen:
            record = embed_run(store, recipe, clips, chosen, talk.progress)
        counts = record["counts"]
        talk.result({**counts, "seconds": record["seconds"]["embed"]}, counts_text(counts))
