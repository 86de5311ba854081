"""``asd evaluate``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from jobs.cheap_checks import check_date, check_folder
from jobs.console import Talk
from jobs.job import Job, on_archive
from jobs.output_files import write_files
from jobs.submissions import WithSubmissions, result_options, submission_options

if TYPE_CHECKING:
    import pyarrow as pa


@click.command("evaluate", cls=WithSubmissions)
@click.argument("archive", required=False)
@click.option("--date", metavar="DATE", help="Only recordings of this date.")
@submission_options
@result_options
@on_archive
def command(job: Job, date: str | None, out: str | None, protocol: Any, **of_submissions: None) -> None:
    """Measure detection on labelled recordings: AUC, pAUC, F1 and the official DCASE score, machine by machine.

    Where recordings have dates, also how many nights a fault takes to become an alarm, and how often a well machine is
    in alarm. Labels come from DCASE names or from a manifest's column "condition". Recordings that are not scored yet
    are scored first. Recordings that a scorer was fitted on are left out. Leave ARCHIVE out to measure on what is
    embedded in the store. Where no label is known, as in an evaluation set of DCASE, --out takes the submission files
    alone. Submission files of the DCASE challenges are judged without a store or a recipe.

    \b
    Example:
      asd evaluate dcase2020/dev_data --store store --out results
      asd evaluate --submissions teams --ground-truth dcase2024_task2_evaluator
    """
    from asd_core.clips.selection import clips_to_score
    from asd_core.clips.splits import notes_on_no_split
    from asd_core.evaluation.tables import to_csv, to_json, to_text
    from asd_core.runs.evaluate import NothingScoredError, evaluated, scored_for_evaluation
    from asd_core.runs.evaluated_nights import with_nights

    check_date(date)
    check_folder("--out", out)
    listed = job.clips()
    clips, _ = clips_to_score(listed, date)
    for note in [*notes_on_no_split(listed), *job.recipe.notes()]:
        job.talk.say(f"note: {note}")
    with job.engine("evaluate", date) as engine:
        try:
            scores = scored_for_evaluation(job.store, job.recipe, clips, engine, job.talk.progress)
        except NothingScoredError as error:
            job.result(error.record)
            job.refuse_silence(listed, error.record)
            raise
        if out is not None and not any(clips["condition"].to_pylist()):  # an evaluation set as published
            count = write_submission(job.talk, out, scores)
            text = "no recording is of known condition, so nothing is measured; the submission files are written"
            job.talk.result({"submission_files": count}, text)
            return
        evaluation = evaluated(job.store, scores, protocol)
        evaluation = with_nights(evaluation, job.store, job.recipe, scores, engine, job.talk.progress)
    summary, text = to_json(evaluation), to_text(evaluation)
    job.talk.result(summary, text)
    if out is not None:
        files = {
            "evaluation.txt": text.encode("utf-8", "surrogateescape"),
            "evaluation.json": json.dumps(summary, indent=1).encode(),
            "evaluation.csv": to_csv(evaluation).encode("utf-8", "surrogateescape"),
        }
        write_files(out, files)
        job.talk.say(f"wrote {len(files)} files to {out}")
        write_submission(job.talk, out, scores)


def write_submission(talk: Talk, folder: str, scores: pa.Table) -> int:
    """Write the submission files of SCORES rows, and say which machines they leave out; returns their number."""
    import pyarrow as pa

    from asd_core.evaluation.submission import submission_files, unsubmittable
    from asd_core.store.tables import rows_of

    left_out = unsubmittable(scores)
    for reason in dict.fromkeys(left_out.values()):
        names = [" ".join(machine) for machine, why in left_out.items() if why == reason]
        shown = f"{', '.join(names[:5])}{', ...' * (len(names) > 5)}"
        talk.say(f"no submission files for {len(names)} machines with {reason}: {shown}")
    is_kept = [machine not in left_out for machine in rows_of(scores, "machine_type", "machine_id")]
    files = submission_files(scores.filter(pa.array(is_kept, pa.bool_())))
    write_files(folder, {f"submission/{name}": data for name, data in files.items()})
    talk.say(f"wrote {len(files)} submission files to {folder}")
    return len(files)
