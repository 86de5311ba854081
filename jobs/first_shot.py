"""``asd first-shot``."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from jobs.cheap_checks import check_normals
from jobs.console import report_text
from jobs.job import Job, listed_clips, on_generation
from jobs.options import normal_options
from jobs.synthesize import check_workers, synthesis_options, synthesized, types_of
from jobs.tune import runner_of
from jobs.validation_options import Judged, check_is_place

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.runs.first_shot import Targets


@click.command("first-shot")
@click.argument("archive")
@click.option("--as", "name", required=True, metavar="NAME", help="Name of the clips, and of the recipe that is made.")
@synthesis_options
@click.option("--generated", metavar="FOLDER", help="Clips that were generated already, in place of making them.")
@click.option("--space", "space_path", metavar="FILE", help="Values of r to search (TOML). [default: 0 to 1.10 by .01]")
@click.option("--keep-silence", "keeps_silence", is_flag=True, help="Cut no silence out of generated clips.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the search.")
@normal_options
@on_generation
def command(
    job: Job,
    targets: str,
    references: str | None,
    workers: int,
    generator: str | None,
    name: str,
    generated: str | None,
    space_path: str | None,
    keeps_silence: bool,
    seed: int,
    since: str | None,
    until: str | None,
    normal_list: str | None,
) -> None:
    """Choose r for machines of which no fault was ever recorded, fit and score them, and report how good the choice is.

    Clips of the targets are generated as asd synthesize does it. They choose r, real normal clips are fitted to, and
    real clips are scored: the latest night, or the test clips where none has a date. The report has tables 4, 5 and 6
    of FS-TWFR-GMM. Labels of real clips fill them, where they are known, and choose nothing. The recipe is kept in the
    store as NAME. Run the same command again to finish a broken run. A finished run is not repeated.

    \b
    Example:
      asd first-shot dcase2023/dev_data --targets bandsaw,grinder --store store --as plant
      asd nightly dcase2023/dev_data --recipe plant --store store
    """
    from asd_core.runs.first_shot import first_shot
    from asd_core.tuning.space.space import load_space

    start = time.monotonic()
    space = load_space(space_path or "fs-twfr-gmm")
    check_searches_r(space_path, [one.name for one in space.dimensions])
    space.check(job.recipe)
    check_normals(since, until, normal_list)
    asked = Asked(name, tuple(types_of(targets)), references, workers, generator, generated)
    asked.check(job)
    found = targets_of(job, asked, (since, until, normal_list))
    with job.engine("first-shot", key=name) as engine:
        record = first_shot(
            job.store,
            job.recipe,
            name,
            found,
            space,
            engine,
            runner_of(job, engine),
            job.talk.progress,
            job.talk.say,
            keeps_silence=keeps_silence,
            seed=seed,
        )
    tell(job, record, start)


def check_searches_r(path: str | None, names: list[str]) -> None:
    """Raise UsageError for a space that searches anything but r."""
    from asd_core.errors import UsageError
    from asd_core.tuning.chosen_r import FIELD

    if names != [FIELD]:
        raise UsageError(f"--space {path}: first-shot searches {FIELD} alone, not {', '.join(names)}: asd tune does")


@dataclass(frozen=True)
class Asked:
    """The generated clips, as the options name them.

    Attributes:
        name: of the run, and of the clips where they are made.
        targets: machine types.
        references: machine types whose known anomalies are heard, with commas between; None for all others.
        workers: that share fine-tuning.
        generator: of the store, in place of fine-tuning one.
        generated: place of clips that are there already; None where they are to be made.
    """

    name: str
    targets: tuple[str, ...]
    references: str | None = None
    workers: int = 1
    generator: str | None = None
    generated: str | None = None

    def check(self, job: Job) -> None:
        """Refuse what can be told before an archive is listed."""
        from asd_core.errors import UsageError
        from asd_core.runs.named_recipes import check_free, named_recipe
        from asd_core.runs.synthesize import check_synthesis

        check_free(job.store, self.name, named_recipe(job.store, self.name))
        if self.generated is None:
            check_synthesis(job.recipe, self.name)
            check_workers(job.options, self.workers)
            return
        check_is_place(self.generated, "--generated", ())
        for option, value in (("--references", self.references), ("--generator", self.generator)):
            if value is not None:
                raise UsageError(f"{option} is for making clips, and --generated names clips: leave one of them out")


def targets_of(job: Job, asked: Asked, chosen: tuple[str | None, str | None, str | None]) -> Targets:
    """The clips of the target machine types, real and generated; these are made where they are not there.

    Args:
        job: the command under way.
        asked: the generated clips.
        chosen: ``--since``, ``--until`` and ``--normal-list``.
    """
    from asd_core.clips.manifest_table import is_manifest
    from asd_core.clips.selection import training_clips
    from asd_core.runs.first_shot import Targets
    from asd_core.runs.labelled_bank import labelled_bank

    listed = job.clips()
    bank = labelled_bank(job.store, "", listed, training_clips(listed, *chosen), joins=False)
    clips, normals = of_types(listed, asked.targets), bank.clips
    for note in bank.notes:
        job.talk.say(f"note: {note}")
    place, made = asked.generated, None
    if place is None:
        made = clips_made(job, asked, listed, normals)
        place = job.store.files.address(made["validation"])
    layout = {} if made or is_manifest(place) else {name: job.options[name] for name in ("layout", "pattern")}
    generated = listed_clips(job.talk, job.store, job.recipe, place, **layout)
    notes = Judged("generated", place).notes()
    return Targets(clips, only_types(normals, asked.targets), generated, place, tuple(notes), made)


def clips_made(job: Job, asked: Asked, listed: pa.Table, normals: pa.Table) -> dict[str, Any]:
    """Make the clips, or find that they are made; the record of the run."""
    from asd_core.runs.synthesize import captioned

    job.talk.say("generating clips of the targets")
    references = types_of(asked.references) if asked.references is not None else None
    captions = captioned(job.recipe, listed, normals, asked.targets, references)
    return synthesized(job, asked.name, captions, asked.workers, asked.generator)


def of_types(clips: pa.Table, wanted: Sequence[str]) -> pa.Table:
    """The clips of some machine types.

    Raises:
        UsageError: no name, or one that no clip is of.
    """
    import pyarrow.compute as pc

    from asd_core.errors import UsageError, did_you_mean

    known = sorted(pc.unique(clips["machine_type"]).to_pylist())
    if not wanted:
        raise UsageError("--targets names no machine type")
    for name in wanted:
        if name not in known:
            raise UsageError(f"--targets: no clip is of machine type {name!r}{did_you_mean(name, known)}")
    return only_types(clips, wanted)


def only_types(clips: pa.Table, wanted: Sequence[str]) -> pa.Table:
    """The rows of these machine types."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return clips.filter(pc.is_in(clips["machine_type"], pa.array(list(wanted), pa.string())))


def tell(job: Job, record: dict[str, Any], start: float) -> None:
    """Say what came out, and what must be known of it."""
    if record["already_complete"]:
        job.talk.say("this first-shot run was complete already")
    page = job.store.files.address(record["page"])
    told = ("name", "key", "run_id", "r", "tables", "silence", "left_out", "notes", "already_complete")
    summary = {**record["counts"], **{name: record[name] for name in told}, "page": page, "reports": record["reports"]}
    summary["generated_in"] = record["generated"]
    summary["seconds"] = round(time.monotonic() - start, 3)
    job.talk.result(summary, result_text(record, page))


def result_text(record: dict[str, Any], page: str) -> str:
    """The outcome in lines for people."""
    lines = [f"{kind}: r = {r:g}" for kind, r in record["r"].items()]
    lines += [f"left out: {machine}: {reason}" for machine, reason in sorted(record["left_out"].items())]
    for row in record["tables"]["training_data"]:
        if row["auc"] is not None:
            lines.append(f"{row['name']} ({row['data']}): AUC {row['auc']:.3f}, pAUC {row['pauc']:.3f}")
    counts = record["counts"]
    lines.append(f"fitted {counts['fitted']} of {counts['machines']} machines, scored {counts['scored']} clips")
    lines += [f"note: {note}" for note in record["notes"]]
    lines.append(f"--recipe {record['name']} takes it: asd nightly scores by it")
    return "\n".join([*lines, *map(report_text, record["reports"]), report_text(page)])
