"""Options of the commands that explain clips: from options to an order for captions and a language model."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from asd_core.llm.settings import KEY_VARIABLE as KEY
from jobs.engines import engine_named
from jobs.options import choice, together

if TYPE_CHECKING:
    from asd_core.captions.selection import CaptionOrder
    from asd_core.llm.requests import Captioner
    from asd_core.llm.settings import LlmSettings
    from asd_core.recipe.caption_settings import Method
    from asd_core.recipe.recipe import Recipe
    from asd_core.runs.caption import OpenCaptioner
    from jobs.job import Job

caption_options = together(
    choice(
        "--captioner",
        values=["auto", "acoustic", "tags", "llm"],
        help="Who writes difference captions: acoustic states measurements in our own words, tags also which "
        "AudioSet classes of sound rose or fell, llm asks a language "
        f"model; auto: llm where {KEY} is set.",
    ),
    click.option(
        "--caption-method",
        type=click.Choice(["hybrid", "text-decoder", "zero-shot", "acoustic"]),
        help="Evidence that captions are made from. [default: hybrid where the recipe has MS-CLAP and a language model "
        "is asked, else acoustic]",
    ),
    click.option("--llm-base-url", metavar="URL", help="Address of an OpenAI-compatible server. [default: OpenAI's]"),
    click.option("--llm-model", metavar="NAME", help="Language model to ask."),
    click.option("--llm-requests-per-minute", type=click.IntRange(min=1), help="Most requests in any minute."),
    click.option(
        "--llm-tokens-per-minute", type=click.IntRange(min=1), help="Most tokens in any minute. [default: no limit]"
    ),
    click.option("--llm-concurrency", type=click.IntRange(min=1), help="Most requests under way at once."),
    click.option("--llm-max-output-tokens", type=click.IntRange(min=1), metavar="N", help="Longest answer."),
    click.option("--llm-budget-tokens", type=click.IntRange(min=1), help="Stop asking after so many tokens."),
    click.option(
        "--llm-budget-usd", type=click.FloatRange(min=0, min_open=True), help="Stop asking after so many US dollars."
    ),
    click.option(
        "--llm-usd-per-million-input",
        type=click.FloatRange(min=0),
        help="Price of a million prompt tokens, in US dollars.",
    ),
    click.option(
        "--llm-usd-per-million-output",
        type=click.FloatRange(min=0),
        help="Price of a million answer tokens, in US dollars.",
    ),
)

WITHOUT_LLM = ("acoustic", "tags")

ask_again_option = click.option(
    "--ask-again",
    "asks_again",
    is_flag=True,
    help="Explain also clips that are explained already; equal prompts are not paid for again.",
)

top_option = click.option(
    "--top",
    type=click.IntRange(min=1),
    help="Explain each machine's so many highest clips of a night instead of the flagged ones.",
)


def _llm_settings(options: Mapping[str, Any]) -> LlmSettings | None:
    """The language model to ask; None where captions state measurements in our own words."""
    from asd_core.llm.settings import LlmSettings

    captioner, has_key = options["captioner"], bool(os.environ.get(KEY))
    given = {name: value for name, value in options.items() if name.startswith("llm_") and value is not None}
    if captioner in WITHOUT_LLM and given:
        raise UsageError(f"--captioner {captioner} asks no language model: leave out {_written(given)}")
    if captioner in WITHOUT_LLM or not (captioner == "llm" or has_key or given):
        return None
    if not has_key:
        asked = _written(given) or "--captioner llm"
        raise UsageError(f"{asked} needs a key: set {KEY} (a server without keys takes any text)")
    return LlmSettings(**{name.removeprefix("llm_"): value for name, value in given.items()})


def _written(options: Iterable[str]) -> str:
    return ", ".join(f"--{name.replace('_', '-')}" for name in options)


def _method(options: Mapping[str, Any], recipe: Recipe, llm: LlmSettings | None) -> Method:
    """The method asked for, or the best one that the recipe allows."""
    from asd_core.encoders.build import kind_of

    method: Method | None = options["caption_method"]
    if options["captioner"] == "tags":
        if method is not None:
            raise UsageError(f"--captioner tags is a method of its own: leave out --caption-method {method}")
        return "tags"
    if method is None:
        setting = recipe.for_machine("")
        has_clap = bool(setting.captions.encoder) or kind_of(setting.encoder.kind).gives_captions
        return "hybrid" if has_clap and llm is not None else "acoustic"
    if method != "acoustic" and llm is None:
        raise UsageError(
            f"--caption-method {method} asks a language model: set {KEY}, or take --caption-method acoustic"
        )
    return method


def caption_order(options: Mapping[str, Any], recipe: Recipe) -> tuple[CaptionOrder, LlmSettings | None]:
    """The captions that a command's options ask for, and the language model that writes them; None without one.

    Raises:
        UsageError: a language model is asked for or described, and none can be asked; or texts that cannot be read.
    """
    from asd_core.captions.selection import CaptionOrder
    from asd_core.captions.texts import texts_of
    from asd_core.recipe.caption_settings import WITH_TEXTS

    llm = _llm_settings(options)
    method = _method(options, recipe, llm)
    if method in WITH_TEXTS:
        for machine_type in ["", *recipe.settings.get("machine", {})]:
            texts_of(recipe.for_machine(machine_type).captions.texts)
    choices = {name: options[name] for name in ("may_read_audio", "asks_again") if name in options}
    return CaptionOrder(method, llm.name if llm else "", **choices), llm


def captioner_for(job: Job, llm: LlmSettings | None, *, by_batch: bool = False) -> OpenCaptioner | None:
    """Opens the way to a language model: by its Batch API, from this process, or from one place of the cluster."""
    if llm is not None:
        return functools.partial(_captioner, job, llm, by_batch=by_batch)
    if by_batch:
        raise UsageError(f"--batch-api asks a language model: set {KEY}, or leave it out")
    return None


def _captioner(job: Job, llm: LlmSettings, *, by_batch: bool) -> Captioner:
    from asd_core.captions.answers import check_answer
    from asd_core.llm.meter import LlmMeter
    from asd_core.llm.turn import Turn

    files, say, meter = job.store.files, job.talk.say, LlmMeter(job.metrics.counts, llm, has_limits=not by_batch)
    turn = functools.partial(Turn, files, llm.name, wait=not job.options["no_wait"], say=say)
    if by_batch:
        from asd_core.llm.batch.batches import Batches
        from asd_core.llm.batch.captioner import BatchCaptioner

        batches = Batches(llm, files, job.recipe.key(), say=say)
        return BatchCaptioner(llm, files, check_answer, batches, turn=turn("batch"), heard=meter)
    from asd_core.llm.captioner import LlmCaptioner

    if engine_named(job.options) != "ray":
        return LlmCaptioner(llm, files.url, check_answer, say=say, turn=turn(), heard=meter)
    from cluster.caption import RayGate

    return LlmCaptioner(llm, files.url, check_answer, open_gate=lambda: RayGate(say=say), say=say, heard=meter)


def explained_text(explained: int) -> str:
    """A further line on clips that were explained already; "" where none was."""
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
