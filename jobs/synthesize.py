"""``asd synthesize``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from jobs.cheap_checks import check_normals
from jobs.console import report_text
from jobs.engines import engine_named
from jobs.job import Job, on_generation
from jobs.options import normal_options, together
from jobs.output_files import write_files
from jobs.train import execution

if TYPE_CHECKING:
    from asd_core.pipeline.engine import Engine
    from asd_core.runs.synthesize import Captioned, ReadyGenerator

synthesis_options = together(
    click.option(
        "--targets",
        required=True,
        metavar="TYPE[,TYPE...]",
        help="Machine types to generate clips of; none of their anomalies is heard.",
    ),
    click.option(
        "--references",
        metavar="TYPE[,TYPE...]",
        help="Machine types whose known anomalies are heard; '' for none. [default: all that are no targets]",
    ),
    click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Processes that share each batch of fine-tuning; more than one work on Ray.",
    ),
    click.option("--generator", metavar="NAME", help="A generator of the store, in place of fine-tuning one."),
)


@click.command("synthesize")
@click.argument("archive")
@click.option("--as", "name", metavar="NAME", help="Name of the generated clips, and of their generator.")
@synthesis_options
@click.option("--captions-only", is_flag=True, help="List the captions, and make nothing.")
@click.option("--csv", "csv_path", metavar="FILE", help="Write the captions of --captions-only here too.")
@normal_options
@on_generation
def command(
    job: Job,
    name: str | None,
    targets: str,
    references: str | None,
    workers: int,
    generator: str | None,
    captions_only: bool,
    csv_path: str | None,
    since: str | None,
    until: str | None,
    normal_list: str | None,
) -> None:
    """Generate normal and anomalous clips of machines whose anomalies nobody has recorded.

    Labels become captions. AudioLDM is fine-tuned on recordings and their captions: normal and anomalous ones of the
    references, normal ones of the targets. Then it makes clips from the captions of the targets, normal and anomalous.
    They are an archive in the store, which asd tune --validation takes. Run the same command again to finish a broken
    run. A finished one is not repeated.

    \b
    Example:
      asd synthesize dcase2023 --targets Vacuum,ToyTank --captions-only --store store
      asd synthesize dcase2023 --targets Vacuum,ToyTank --as first --store store
    """
    from asd_core.clips.selection import training_clips
    from asd_core.runs.synthesize import captioned, check_synthesis

    check_normals(since, until, normal_list)
    if captions_only and name is not None:
        raise UsageError("--captions-only makes nothing that --as could name: leave one of them out")
    if csv_path is not None and not captions_only:
        raise UsageError(f"--csv {csv_path} is for the list of captions: add --captions-only")
    if not captions_only:
        if name is None:
            raise UsageError("--as NAME is missing: it names the generated clips in the store")
        check_synthesis(job.recipe, name)
        check_workers(job.options, workers)
    clips = job.clips()
    normals = training_clips(clips, since, until, normal_list)
    named = types_of(references) if references is not None else None
    captions = captioned(job.recipe, clips, normals, types_of(targets), named)
    if name is None:
        _list(job, captions, csv_path)
        return
    tell(job, synthesized(job, name, captions, workers, generator))


def types_of(words: str) -> list[str]:
    """The machine types of an option, each once, in their order."""
    return list(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))


def check_workers(options: dict[str, Any], workers: int) -> None:
    """Take Ray for several workers, or refuse an engine that has none."""
    if workers > 1 and engine_named(options) in ("local", "processes"):
        raise UsageError(f"--workers {workers} need Ray: leave --engine and --local out, or take --engine ray")
    if workers > 1 and options["engine"] == "auto":
        options["engine"] = "ray"


def synthesized(job: Job, name: str, captions: Captioned, workers: int, generator: str | None) -> dict[str, Any]:
    """Fine-tune, or take, a generator, and make the clips; the record of the run."""
    from asd_core.runs.synthesize import synthesize

    with job.engine("synthesize", key=name) as engine:

        def made_ready(captions: Captioned) -> ReadyGenerator:
            return _ready(job, name, captions, workers, generator, engine)

        return synthesize(job.store, job.recipe, name, captions, made_ready, engine, job.talk.progress)


def tell(job: Job, record: dict[str, Any]) -> None:
    """Say what was made, and what must be known of it."""
    from asd_core.pages.number_format import counted

    counts, files = record["counts"], job.store.files
    if record["already_complete"]:
        job.talk.say("these clips were complete already")
    told = ("name", "digest", "targets", "references", "generator", "already_complete", "notes")
    page, folder = files.address(record["page"]), files.address(record["validation"])
    summary = {**counts, **{key: record[key] for key in told}, "run_id": record["run_id"], "page": page}
    training = files.address(record["training"]) if record.get("training") else None
    summary |= {"folder": files.address(record["folder"]), "validation": folder, "training": training}
    summary["seconds"] = sum(record["seconds"].values())
    machines = counted(counts["machines"], "machine")
    line = f"made {counts['normal']} normal and {counts['anomalous']} anomalous clips of {machines}"
    reasons = "".join(f"\n  {count} refused: {reason}" for reason, count in counts["errors_by_reason"].items())
    notes = [f"note: {note}" for note in record["notes"]]
    ready = f"asd tune --validation '{folder}' judges settings on them"
    tuned = [f"fine-tuning: {training}"] if training else []
    job.talk.result(summary, "\n".join([line + reasons, *notes, *tuned, ready, report_text(page)]))


def _list(job: Job, captions: Captioned, csv_path: str | None) -> None:
    from asd_core.synthesis.metadata_captions.listing import caption_rows, captions_as_csv, captions_as_text

    rows = caption_rows(captions.pairs, captions.wanted)
    if csv_path is not None:
        folder, _, name = csv_path.rpartition("/")
        write_files(folder or ".", {name: captions_as_csv(rows).encode("utf-8", "surrogateescape")})
    summary = {"targets": list(captions.targets), "references": list(captions.references), "captions": rows}
    job.talk.result(summary, captions_as_text(rows).rstrip("\n"))


def _ready(
    job: Job, name: str, captions: Captioned, workers: int, generator: str | None, engine: Engine
) -> ReadyGenerator:
    """A stored generator, or one that is fine-tuned now."""
    from dataclasses import replace

    from asd_core.pages.number_format import counted
    from asd_core.runs.fine_tune import fine_tune_generator
    from asd_core.runs.synthesize import stored_generator

    config, told = job.recipe.for_machine("").generator, {}
    if generator is None:
        execute, shared = execution(job.options, workers)
        record = fine_tune_generator(
            *(job.store, job.recipe, name, captions.pairs, engine, execute, shared, job.talk.progress, job.talk.say),
            references=captions.references,
            targets=captions.targets,
        )
        notes = list(record["notes"])
        if lost := len(record["left_out"]):
            notes.append(f"{counted(lost, 'clip')} could not be heard in fine-tuning; its page names them")
        told = {"notes": notes, "training": record["page"], "seconds": {"fine_tune": sum(record["seconds"].values())}}
    ready = stored_generator(job.store, generator or name, config, engine.device, captions.targets)
    return replace(ready, told={**ready.told, **told})
