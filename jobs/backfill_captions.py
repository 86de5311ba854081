"""``asd backfill-captions``."""

from __future__ import annotations

from typing import Any

import click

from jobs.caption_options import (
    ask_again_option,
    caption_options,
    caption_order,
    captioner_for,
    captions_text,
    explained_text,
    top_option,
)
from jobs.job import Job, on_store

_WHICH = ("since", "until", "undated", "machines", "top", "limit")  # options that choose the clips


@click.command("backfill-captions")
@click.option("--since", metavar="DATE", help="First night.")
@click.option("--until", metavar="DATE", help="Last night.")
@click.option("--undated", is_flag=True, help="Take the clips without a date too, or these alone.")
@click.option(
    "--machine", "machines", multiple=True, metavar="TYPE/ID", help="Only this machine, or all of a type (repeatable)."
)
@click.option("--limit", type=click.IntRange(min=1), help="Most clips to explain; the latest nights come first.")
@top_option
@click.option("--dry-run", is_flag=True, help="Only count the clips, their tokens and their cost.")
@click.option("--read-audio", "may_read_audio", is_flag=True, help="Read recordings of which nothing is stored.")
@click.option(
    "--batch-api", is_flag=True, help="Use OpenAI's Batch API: cheaper, within a day. Run again to collect the answers."
)
@ask_again_option
@caption_options
@on_store
def command(job: Job, dry_run: bool, batch_api: bool, **options: Any) -> None:
    """Explain the flagged clips of past nights that are not explained yet, from what is stored of them.

    \b
    Example:
      asd backfill-captions --store store --since 2026-11-01 --until 2026-11-30 --dry-run
    """
    from asd_core.runs.backfill import backfill, backlog, estimate, nights_asked
    from asd_core.runs.caption import CaptionRun

    order, llm = caption_order(options, job.recipe)
    nights_asked(options["since"], options["until"], options["undated"])
    job.refuse_unscored()
    left = backlog(job.store, job.recipe, order, **{name: options[name] for name in _WHICH})
    if left.without_clips:
        job.talk.say(f"no clip to explain of {', '.join(left.without_clips)}")
    if dry_run:
        costs = estimate(job.recipe, left, order, llm)
        job.talk.result(costs, _costs_text(costs) + explained_text(left.explained))
        return
    opener = captioner_for(job, llm, by_batch=batch_api)
    with (
        job.engine("backfill-captions") as engine,
        CaptionRun(job.store, job.recipe, order, engine, opener, job.talk.progress) as run,
    ):
        counts = backfill(run, left)
    job.talk.result({**counts, "key": job.recipe.key()}, captions_text(counts))


def _costs_text(costs: dict[str, Any]) -> str:
    line = f"{costs['asked']} clips to explain ({costs['method']})"
    if not costs["llm"]:
        return f"{line}, no language model asked: no tokens"
    price = (
        f"about {costs['usd']:.2f} USD"
        if costs["usd"] is not None
        else "cost unknown: give --llm-usd-per-million-input and --llm-usd-per-million-output"
    )
    return f"{line} by {costs['llm']}: about {costs['tokens']} tokens, {price}"
