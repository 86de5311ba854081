"""``asd report``."""

from __future__ import annotations

import click

from jobs.console import Talk
from jobs.options import open_recipe, open_store_of, output_options, recipe_options, store_option


@click.command("report")
@recipe_options
@store_option
@click.option("--date", metavar="DATE", help="The night. [default: the latest scored]")
@output_options
def command(
    recipe_name: str,
    settings: tuple[str, ...],
    encoder_name: str | None,
    store_url: str,
    date: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write the report of a scored night again, from what is stored.

    \b
    Example:
      asd report --recipe twfr-gmm --store store --date 2026-11-19
    """
    from asd_core.runs.report import report_night

    recipe = open_recipe(recipe_name, settings, encoder_name)
    store = open_store_of(store_url)
    with Talk(as_json=as_json, quiet=quiet) as talk:
        page = store.files.address(report_night(store, recipe, date))
        talk.result({"report": page}, f"report: {page}")
