"""``asd tune``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from jobs.cheap_checks import check_normals
from jobs.console import report_text
from jobs.engines import engine_named
from jobs.job import Job, on_archive
from jobs.options import choice, normal_options
from jobs.validation_options import judged_on, validation_options, validations_of

if TYPE_CHECKING:
    from asd_core.pipeline.engine import Engine
    from asd_core.runs.tune import Runner
    from asd_core.store.files import Files
    from asd_core.tuning.batches import BatchContext
    from asd_core.tuning.request import SearchRequest
    from asd_core.tuning.search import OnProgress, Search
    from asd_core.tuning.space.space import Space

_FEW = 100  # settings on machines, of .01 to .1 s each: they are done before Ray has started


@click.command("tune")
@click.argument("archive", required=False)
@click.option(
    "--space",
    "space_path",
    metavar="FILE",
    help="Fields to search and their values (TOML). [default: the recipe's own, which fs-twfr-gmm has]",
)
@choice(
    "--search",
    "method",
    values=["grid", "random", "tpe"],
    help="Try all settings, a random sample, or the proposals of Optuna's TPE.",
)
@click.option("--settings", "count", type=click.IntRange(min=1), metavar="N", help="Settings to try by random or tpe.")
@choice(
    "--objective",
    values=["auc", "pauc", "mean", "official", "twfr-sum"],
    help="Figure that the best setting is best in; twfr-sum is TWFR-GMM's criterion.",
)
@choice("--per", values=["machine-type", "machine", "global"], help="Scope that gets a setting of its own.")
@validation_options
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random.")
@normal_options
@click.option("--out", metavar="RECIPE.toml", help="Write the recipe here too (--per machine: a folder of recipes).")
@click.option("--data", metavar="FOLDER", help="Keep what is taken from the audio here, for further searches.")
@on_archive
def command(
    job: Job,
    space_path: str | None,
    method: Any,
    count: int | None,
    objective: str,
    per: Any,
    validation: str,
    generated: str | None,
    keeps_silence: bool,
    seed: int,
    since: str | None,
    until: str | None,
    normal_list: str | None,
    out: str | None,
    data: str | None,
) -> None:
    """Search for the settings that tell anomalous from normal clips best, and write them as a recipe for asd fit.

    The audio is decoded once, whatever the number of settings. Settings are fitted to the normal clips (split train, or
    as for asd fit) and judged on clips of known condition. Finished settings are kept: a search that was stopped goes
    on from there, and another one starts from what is known.

    \b
    Example:
      asd tune dcase2023/dev_data --recipe twfr-gmm --space space.toml --store store --out tuned.toml
      asd fit dcase2023/dev_data --recipe tuned.toml --store store
    """
    from asd_core.clips.selection import training_clips
    from asd_core.runs.tune import finished, tune
    from asd_core.tuning.heard_notes import heard_notes
    from asd_core.tuning.request import SearchRequest

    start = time.monotonic()
    judged = judged_on(validation, generated, keeps_silence)
    request = SearchRequest(space_of(job, space_path), method, count, objective, per, judged.how, seed, data)
    request.check(job.recipe)
    check_out(out, per)
    check_normals(since, until, normal_list)
    clips = job.clips()
    normals = training_clips(clips, since, until, normal_list)
    validations, left_out = validations_of(job, judged, normals, clips, seed)
    notes = judged.notes()
    say_if_space_is_small(job, request)
    begun = time.monotonic()
    heard = heard_notes(job.store.files, validations) if judged.how == "real" else []
    record = finished(job.store, job.recipe, validations, request)
    if record is None:
        with job.engine("tune") as engine:
            begun = time.monotonic()
            runner, progress = runner_of(job, engine), job.talk.progress
            record = tune(job.store, job.recipe, clips, validations, request, engine, runner, progress, left_out, notes)
    if out is not None:
        write_recipes(job, record, out, per)
    if record["already_complete"]:
        job.talk.say("this search was complete already")
    for machine, reason in sorted(record["left_out"].items()):
        job.talk.say(f"{machine} left out: {reason}")
    summary = {
        **{name: record["counts"][name] for name in ("settings", "machines", "evaluated", "failed", "decoded")},
        "objective": objective,
        "best": in_order_of_space(record["best"], request),
        "run_id": record["run_id"],
        "page": job.store.files.address(record["page"]),
        "already_complete": record["already_complete"],
        "notes": list(dict.fromkeys([*record.get("notes", ()), *heard])),
        "stages": {**record["seconds"], "start": round(begun - start, 3), "workers": record["workers"]},
        "seconds": round(time.monotonic() - start, 3),
    }
    job.talk.result(summary, result_text(summary))


def say_if_space_is_small(job: Job, request: SearchRequest) -> None:
    """Say where a space holds fewer settings than are asked for."""
    from asd_core.tuning.space.distinct_settings import DistinctSettings

    held = DistinctSettings(request.space).count
    if request.count is not None and held is not None and held < request.count:
        job.talk.say(f"the space holds {held} settings, fewer than --settings {request.count}: all of them are tried")


def in_order_of_space(best: dict[str, Any], request: SearchRequest) -> dict[str, Any]:
    """Each scope's best setting with its fields as the space has them; a record that was stored has them sorted."""
    names = [one.name for one in request.space.dimensions]
    return {
        scope: one and {**one, "setting": {name: one["setting"][name] for name in names if name in one["setting"]}}
        for scope, one in best.items()
    }


def result_text(summary: dict[str, Any]) -> str:
    """The outcome of a search in lines for people."""
    from asd_core.tuning.best_settings import summary_text

    failed = ", {failed} failed (the report says why)" if summary["failed"] else ""
    first = "{settings} settings for {machines} machines, {evaluated} evaluated now" + failed
    notes = "".join(f"note: {line}\n" for line in summary["notes"])
    return f"{first.format(**summary)}\n{summary_text(summary)}\n{notes}{report_text(summary['page'])}"


def space_of(job: Job, path: str | None) -> Space:
    """The space of a file or of a name, or the recipe's own, where it has one."""
    from asd_core.errors import UsageError
    from asd_core.tuning.space.space import built_in_spaces, load_space

    if path is None and job.recipe.name not in built_in_spaces():
        raise UsageError(f"--space FILE is missing: recipe {job.recipe.name} has no space of its own; say what to try")
    return load_space(path or job.recipe.name)


def runner_of(job: Job, engine: Engine) -> Runner:
    """Evaluates settings in this process, or on Ray, which ``auto`` starts for a search of many."""
    from asd_core.runs.tune import run_here

    if engine_named(job.options) in ("local", "processes"):
        return run_here

    def run_on_tune(search: Search, context: BatchContext, on_progress: OnProgress) -> float:
        from asd_core.pipeline.measured_engine import MeasuredEngine
        from cluster.auto_engine import AutoEngine

        worker = engine.engine if isinstance(engine, MeasuredEngine) else engine
        if isinstance(worker, AutoEngine):
            work = f"{search.total - search.done:,} settings to evaluate"
            if search.total - search.done <= _FEW or not worker.is_on_ray(work):
                return run_here(search, context, on_progress)
        start = time.monotonic()
        from cluster.resources import Resources
        from cluster.tune_search import search_on_tune

        imported = time.monotonic() - start
        resources = Resources(job.options["cpus_per_worker"])
        return imported + search_on_tune(search, context, on_progress, resources=resources)

    return run_on_tune


def check_out(out: str | None, per: str) -> None:
    """Refuse a place for the recipe that cannot be one, before hours of searching."""
    from asd_core.errors import UsageError
    from asd_core.recipe.names import check_recipe_name
    from asd_core.store.local_files import LocalFiles

    if out is None:
        return
    files, name = place_of(out, per)
    local = files.root / name if isinstance(files, LocalFiles) else None
    if per == "machine":
        if out.rstrip("/").endswith(".toml") or (local is not None and local.is_file()):
            raise UsageError(f"--per machine writes a recipe for each machine: --out {out} must be a folder")
        return
    if not name.endswith(".toml") or (local is not None and local.is_dir()):
        raise UsageError(f"--out {out}: name a .toml file, which asd fit takes as --recipe")
    check_recipe_name(name.removesuffix(".toml"))


def place_of(out: str, per: str) -> tuple[Files, str]:
    """The folder that recipes are written into, and the file's name there; "" where each machine has a file.

    Raises:
        UsageError: an address of another kind than ``file://`` and ``s3://``, or without a bucket.
    """
    from asd_core.store.addresses import open_files
    from asd_core.store.local_files import LocalFiles

    files = open_files(out)
    if per == "machine":
        return files, ""
    if isinstance(files, LocalFiles):
        return LocalFiles(files.root.parent), files.root.name
    name = out.rpartition("/")[2]
    return open_files(out.removesuffix(name)), name


def write_recipes(job: Job, record: dict[str, Any], out: str, per: str) -> None:
    """Copy the recipes of a search from the store to where the user wants them."""
    files, given = place_of(out, per)
    for path in record["recipes"]:
        name = given or path.rpartition("/")[2]
        files.write(name, job.store.files.read(path))
        job.talk.say(f"wrote {files.address(name)}")
