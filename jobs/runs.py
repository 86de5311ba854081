"""``asd runs``."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from asd_core.errors import UsageError
from jobs.console import Talk
from jobs.job import with_talk
from jobs.opened import key_of, open_store_of
from jobs.options import RECIPE_VARIABLE, store_option

if TYPE_CHECKING:
    from asd_core.store.store import Store


@click.command("runs")
@click.argument("words", nargs=-1, metavar="[list | show ID]")
@click.option("--job", "job_name", metavar="JOB", help="Only this job: nightly, fit, caption, ...")
@click.option(
    "--recipe", "only", envvar=RECIPE_VARIABLE, show_envvar=True, metavar="NAME", help="Only this recipe, or KEY."
)
@click.option("--since", metavar="DATE", help="Only runs that were committed on this day or later (UTC).")
@click.option("--until", metavar="DATE", help="Only runs that were committed on this day or earlier (UTC).")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="Most runs that are listed.")
@store_option
@with_talk
def command(
    talk: Talk,
    words: tuple[str, ...],
    store_url: str,
    job_name: str | None,
    only: str | None,
    since: str | None,
    until: str | None,
    limit: int,
) -> None:
    """List the runs of a store, the newest first, or show one with its counts, settings and files.

    ID is a run's id, or the beginning of it or of the hash in it. A run is here once it has committed its results;
    asd status tells what is at work, and what was stopped.

    \b
    Example:
      asd runs --store store --job nightly --limit 7
      asd runs show nightly-1f0c --store store
    """
    from jobs.cheap_checks import check_normals

    match words:
        case () | ("list",):
            check_normals(since, until, None)
            _list(talk, open_store_of(store_url), (job_name, only, since, until), limit)
        case ("show", begins):
            given = {"--job": job_name, "--since": since, "--until": until}
            if wrong := [option for option, value in given.items() if value is not None]:
                raise UsageError(f"asd runs show takes no {wrong[0]}: leave it out")
            _show(talk, open_store_of(store_url), begins)
        case _:
            raise UsageError(f"asd runs takes list, or show ID, not {' '.join(words)!r}")


def _list(talk: Talk, store: Store, wanted: tuple[str | None, str | None, str | None, str | None], limit: int) -> None:
    from asd_core.runs.run_lists import past_run, run_entries
    from jobs.run_lines import list_text

    job_name, only, since, until = wanted
    found = run_entries(store, job_name, None if only is None else key_of(store, only), since, until)
    runs = [past_run(store, entry) for entry in found[:limit]]
    more = len(found) - len(runs)
    talk.result({"runs": [asdict(run) for run in runs], "more": more}, list_text(runs, more))


def _show(talk: Talk, store: Store, begins: str) -> None:
    from asd_core.runs.run_lists import find_run, gone_files
    from jobs.run_lines import record_text

    record = find_run(store, begins)
    gone = gone_files(store, record)
    talk.result({**record, "gone": gone}, record_text(record, gone))
