"""``asd train``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from jobs.cheap_checks import check_normals
from jobs.console import report_text
from jobs.engines import engine_named
from jobs.job import Job, on_training
from jobs.options import normal_options

if TYPE_CHECKING:
    from asd_core.runs.train import Execute, Workers

_NAMED = 5  # clips left out that are told one by one


@click.command("train")
@click.argument("archive", required=False)
@click.option("--as", "name", required=True, metavar="NAME", help="Name by which --encoder finds it.")
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Processes that share each batch; more than one work on Ray, each with --gpus or --cpus-per-worker.",
)
@normal_options
@on_training
def command(job: Job, name: str, workers: int, since: str | None, until: str | None, normal_list: str | None) -> None:
    """Train the recipe's encoder, or a head on its embeddings, to tell classes of normal clips apart.

    It is kept in the store as NAME.

    Classes come from machine types, ids, domains and attributes, as [training] of the recipe says. The normal clips are
    chosen as in asd fit. Afterwards --encoder NAME takes the trained encoder in every command. Run the same command
    again to finish a broken training from its last checkpoint. A finished one is not repeated.

    A head (--recipe head) learns from embeddings that the store holds: leave ARCHIVE out.

    \b
    Example:
      asd train recordings --recipe multires-small --as plant --store store --until 2026-11-14
      asd fit recordings --recipe multires-small --encoder plant --store store --until 2026-11-14
      asd train --recipe head --encoder modspec --as modspec-head --store store
    """
    from asd_core.clips.selection import training_clips
    from asd_core.runs.train import check_trainable, train_encoder
    from asd_core.runs.train_head import check_head, is_of_head, train_heads
    from asd_core.training.publish import check_free

    if job.recipe.ensemble is not None:
        raise UsageError(f"recipe {job.recipe.name} is an ensemble: train its members, each by its own recipe")
    on_embeddings = is_of_head(job.recipe)
    (check_head if on_embeddings else check_trainable)(job.recipe)
    check_free(job.store, name)
    check_normals(since, until, normal_list)
    if on_embeddings and workers > 1:
        raise UsageError(f"--workers {workers}: a head is trained in one process, in a minute or so: leave it out")
    if job.options["archive"] is None and not on_embeddings:
        raise UsageError("asd train listens to recordings: name the ARCHIVE")
    if workers > 1 and engine_named(job.options) in ("local", "processes"):
        raise UsageError(f"--workers {workers} need Ray: leave --engine and --local out, or take --engine ray")
    if workers > 1 and job.options["engine"] == "auto":
        job.options["engine"] = "ray"
    clips = training_clips(job.clips(), since, until, normal_list)
    with job.engine("train", key=name) as engine:
        if on_embeddings:
            record = train_heads(job.store, job.recipe, name, clips, engine, job.talk.progress, job.talk.say)
        else:
            execute, shared = execution(job.options, workers)
            record = train_encoder(
                job.store, job.recipe, name, clips, engine, execute, shared, job.talk.progress, job.talk.say
            )
    _tell(job, name, record)


def _tell(job: Job, name: str, record: dict[str, Any]) -> None:
    """Say what was trained, and what must be known of it."""
    from asd_core.runs.training_record import counts_line

    for one in record["left_out"][:_NAMED]:
        job.talk.say(f"left out: {one['uri']}: {one['message']}")
    if len(record["left_out"]) > _NAMED:
        job.talk.say(f"and {len(record['left_out']) - _NAMED} more are left out; the report names them")
    if record["already_complete"]:
        job.talk.say("this training was complete already")
    page = job.store.files.address(record["page"])
    told = ("name", "folder", "digest", "fingerprint", "classes", "last", "network", "already_complete", "notes")
    summary = {**record["counts"], **{key: record[key] for key in told}, "run_id": record["run_id"], "page": page}
    summary["seconds"] = sum(record["seconds"].values())
    notes = [f"note: {note}" for note in record["notes"]]
    ready = f"--encoder {name} takes it: fit scorers on it with asd fit"
    job.talk.result(summary, "\n".join([counts_line(record), *notes, ready, report_text(page)]))


def execution(options: dict[str, Any], count: int) -> tuple[Execute, Workers]:
    """How a training is carried out, and by which workers."""
    from asd_core.pipeline.worker_processes import usable_cpus
    from asd_core.runs.train import Workers
    from asd_core.training.job import decoded_here, run_job

    device = "cuda" if options["gpus_per_encoder"] else "cpu"
    if engine_named(options) == "ray":
        from cluster.train import TrainResources, train_on_ray

        cpus = max(1, int(options["cpus_per_worker"]))
        resources = TrainResources(count, cpus, options["gpus_per_encoder"])
        return lambda job, report: train_on_ray(job, resources, report), Workers(count, device, cpus)
    cpus = options["cpus"] or (1 if engine_named(options) == "local" else usable_cpus())
    return lambda job, report: run_job(job, decoded_here, report=report), Workers(1, device, cpus)
