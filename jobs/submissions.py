"""``asd evaluate --submissions``: the standings of systems handed in to DCASE Challenge Task 2."""

from __future__ import annotations

import json
from typing import Any

import click

from asd_core.errors import AsdError, UsageError
from jobs.console import Talk
from jobs.job import with_talk
from jobs.options import choice, together
from jobs.output_files import write_files
from jobs.run_log import remark

submission_options = together(
    click.option(
        "--submissions",
        metavar="FOLDER",
        help="Judge the DCASE submissions in this folder instead; needs --ground-truth, no store and no recipe.",
    ),
    click.option(
        "--ground-truth", metavar="FOLDER", help="Official ground truth for --submissions, as published since 2020."
    ),
)
result_options = together(
    click.option("--out", metavar="FOLDER", help="Folder for the tables: .txt, .json and .csv."),
    choice(
        "--protocol",
        values=["auto", "dcase2020", "dcase2021", "dcase2022"],
        help="Official score; dcase2022 holds to 2025. auto: that of the year, or of the domains.",
    ),
)
_OPTIONS = ("--submissions", "--ground-truth")


class WithSubmissions(click.Command):
    """A command that gives way to `of_submissions` where one of its options is there: that needs no store or recipe."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the arguments by the options of the command that they are for."""
        given = [arg.partition("=")[0] for arg in args]
        if not any(option in given for option in _OPTIONS):
            return super().make_context(info_name, args, parent, **extra)
        own = {name for parameter in of_submissions.params for name in parameter.opts}
        others = {name for parameter in self.params for name in parameter.opts} - own
        if odd := sorted(others & set(given)):
            raise UsageError(f"--submissions judges files alone: leave {odd[0]} out")
        return of_submissions.make_context(info_name, args, parent, **extra)


@click.command("evaluate")
@submission_options
@result_options
@with_talk
def of_submissions(
    talk: Talk, submissions: str | None, ground_truth: str | None, out: str | None, protocol: Any
) -> None:
    """Judge systems handed in to DCASE Challenge Task 2 of 2020 to 2025, as the official evaluators do."""
    from asd_core.evaluation.standing_tables import machines_csv, standings_json, standings_text, systems_csv
    from asd_core.evaluation.standings import judge

    if submissions is None or ground_truth is None:
        missing = _OPTIONS[0] if submissions is None else _OPTIONS[1]
        raise UsageError(f"{missing} is missing: name the folder of submissions and that of the official ground truth")
    standings = judge(submissions, ground_truth, protocol, lambda done, total: talk.progress("systems", done, total))
    for line in [*standings.remarks, *(line for system in standings.systems for line in system.remarks)]:
        talk.say(f"note: {line}")
    problems = [line for system in standings.systems for line in system.problems]
    for line in problems:
        remark(line)
    summary, text = standings_json(standings), standings_text(standings)
    talk.result(summary, text)
    if out is not None:
        files = {
            "submissions.txt": text,
            "submissions.json": json.dumps(summary, indent=1),
            "systems.csv": systems_csv(standings),
            "machines.csv": machines_csv(standings),
        }
        write_files(out, {name: data.encode("utf-8", "surrogateescape") for name, data in files.items()})
        talk.say(f"wrote {len(files)} files to {out}")
    if unfit := sum(bool(system.problems) for system in standings.systems):
        of_all = f"{unfit} of {len(standings.systems)} systems"
        raise AsdError(f"{of_all} lack what an official score needs: {len(problems)} lines above name it")
