"""Options of the commands that caption, and what they mean."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from asd_core.llm.settings import KEY_VARIABLE as KEY
from jobs.options import together

if TYPE_CHECKING:
    from asd_core.llm.requests import Captioner
    from asd_core.llm.settings import LlmSettings
    from asd_core.pipeline.engine import Engine
    from asd_core.recipe.caption_settings import Method
    from asd_core.recipe.recipe import Recipe
    from asd_core.runs.caption import CaptionRun
    from jobs.job import Job

caption_options = together(
    click.option(
        "--captioner",
        type=click.Choice(["auto", "acoustic", "llm"]),
        default="auto",
        show_default=True,
        help=f"Who writes difference captions: measurements in our own words, or a language model; auto: the latter "
        f"where {KEY} is set.",
    ),
    click.option(
        "--caption-method",
        type=click.Choice(["hybrid", "text-decoder", "zero-shot", "acoustic"]),
        help="What captions are made from. [default: hybrid where the recipe has MS-CLAP and a language model is "
        "asked, else acoustic]",
    ),
    click.option("--llm-base-url", metavar="URL", help="OpenAI-compatible endpoint. [default: OpenAI's]"),
    click.option("--llm-model", metavar="NAME", help="Language model to ask."),
    click.option("--llm-requests-per-minute", type=click.IntRange(min=1), help="Limit of the endpoint."),
    click.option("--llm-tokens-per-minute", type=click.IntRange(min=1), help="Limit of the endpoint. [default: none]"),
    click.option("--llm-concurrency", type=click.IntRange(min=1), help="Requests under way at once."),
    click.option("--llm-max-output-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer."),
    click.option("--llm-budget-tokens", type=click.IntRange(min=1), help="Stop cleanly after so many tokens."),
    click.option(
        "--llm-budget-usd", type=click.FloatRange(min=0, min_open=True), help="Stop cleanly after so much money."
    ),
    click.option(
        "--llm-usd-per-million-input", type=click.FloatRange(min=0), help="Price of a million tokens of prompts."
    ),
    click.option(
        "--llm-usd-per-million-output", type=click.FloatRange(min=0), help="Price of a million tokens of answers."
    ),
)

ask_again_option = click.option(
    "--ask-again", is_flag=True, help="Also clips that are explained already; equal prompts are not paid for again."
)


def llm_settings(options: Mapping[str, Any]) -> LlmSettings | None:
    """The language model that is asked; None where captions are measurements in our own words.

    Raises:
        UsageError: one is asked for, or described, and none can be asked.
    """
    from asd_core.llm.settings import LlmSettings

    captioner, has_key = options["captioner"], bool(os.environ.get(KEY))
    given = {name: value for name, value in options.items() if name.startswith("llm_") and value is not None}
    if captioner == "acoustic" and given:
        raise UsageError(f"--captioner acoustic asks no language model: leave out {_written(given)}")
    if captioner == "acoustic" or not (captioner == "llm" or has_key or given):
        return None
    if not has_key:
        asked = _written(given) or "--captioner llm"
        raise UsageError(f"{asked} needs a key: set {KEY} (a server without keys takes any text)")
    return LlmSettings(**{name.removeprefix("llm_"): value for name, value in given.items()})


def _written(options: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in options)


def method_of(options: Mapping[str, Any], recipe: Recipe, llm: LlmSettings | None) -> Method:
    """The method asked for, or the best that the recipe can do.

    Raises:
        UsageError: a method that needs a language model without one.
    """
    method: Method | None = options["caption_method"]
    if method is None:
        setting = recipe.for_machine("")
        has_clap = setting.encoder.kind == "clap" or setting.captions.encoder == "clap"
        return "hybrid" if has_clap and llm is not None else "acoustic"
    if method != "acoustic" and llm is None:
        raise UsageError(
            f"--caption-method {method} asks a language model: set {KEY}, or take --caption-method acoustic"
        )
    return method


@contextmanager
def open_captions(
    job: Job,
    options: Mapping[str, Any],
    engine: Engine,
    *,
    may_read_audio: bool = True,
    keeps_evidence: bool = False,
    by_batch: bool = False,
    asks_again: bool = False,
) -> Iterator[CaptionRun]:
    """A run of captions as the options ask for it; its captioner is closed at the end of the block."""
    from asd_core.captions.selection import Order
    from asd_core.runs.caption import CaptionRun

    llm = llm_settings(options)
    method = method_of(options, job.recipe, llm)
    order = Order(
        method=method,
        llm=llm.name if llm else "",
        may_read_audio=may_read_audio,
        keeps_evidence=keeps_evidence,
        asks_again=asks_again,
    )
    if by_batch and llm is None:
        raise UsageError(f"--batch-api asks a language model: set {KEY}, or leave it out")
    captioner = _captioner(job, llm, by_batch=by_batch) if llm else None
    try:
        yield CaptionRun(job.store, job.recipe, order, engine, captioner, job.talk.progress)
    finally:
        if captioner is not None:
            captioner.close()


def _captioner(job: Job, llm: LlmSettings, *, by_batch: bool) -> Captioner:
    from asd_core.captions.answers import check_answer

    files, say = job.store.files, job.talk.say
    if by_batch:
        from asd_core.llm.batch.batches import Batches
        from asd_core.llm.batch.captioner import BatchCaptioner

        return BatchCaptioner(llm, files, check_answer, Batches(llm, files, job.recipe.key(), say=say))
    from asd_core.llm.captioner import LlmCaptioner

    if job.options["local"]:
        return LlmCaptioner(llm, files.url, check_answer, say=say)
    from cluster.caption import RayGate

    return LlmCaptioner(llm, files.url, check_answer, open_gate=lambda: RayGate(say=say), say=say)


def explained_text(explained: int) -> str:
    """A further line on clips that were left out; "" where none was."""
    return f"\n  {explained} explained already: asd caption --ask-again explains them anew" if explained else ""


def captions_text(summary: Mapping[str, Any]) -> str:
    """The counts of a caption run in one line, errors by reason behind it."""
    words = ("asked", "captioned", "errors", "tokens", "unknown")
    line = "captions: " + ", ".join(f"{word} {summary[word]}" for word in words)
    if summary["unknown"]:
        line += " (attempts cut off by a crash, which may have been paid for twice)"
    line += explained_text(summary["explained"])
    line += "".join(f"\n  {count} {reason}" for reason, count in summary["errors_by_reason"].items())
    return line + "".join(f"\n  note: {note}" for note in summary["notes"])
