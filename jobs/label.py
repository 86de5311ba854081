"""``asd label``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from asd_core.errors import UsageError
from jobs.cheap_checks import check_date
from jobs.console import Talk
from jobs.job import with_talk
from jobs.opened import open_store_of
from jobs.options import store_option

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.runs.label import AskedLabel
    from asd_core.store.store import Store

_ACTIONS = {
    "--normal": "is_normal",
    "--fault": "fault",
    "--ignore-until": "ignore_until",
    "--remove": "is_removed",
    "--from": "file",
    "--list": "lists",
}


@click.command("label")
@click.argument("clips", nargs=-1, metavar="[CLIP]...")
@click.option("--machine", "machines", multiple=True, metavar="TYPE/ID", help="A machine, with --date (repeatable).")
@click.option("--date", metavar="DATE", help="The night of the machine.")
@click.option("--normal", "is_normal", is_flag=True, help="It sounds as it should.")
@click.option("--fault", metavar="WORDS", help="Something is wrong; the words say what.")
@click.option("--ignore-until", metavar="DATE", help="Keep the machine's alarm quiet up to this night.")
@click.option("--remove", "is_removed", is_flag=True, help="Take the last label back.")
@click.option("--by", "labelled_by", default="", metavar="NAME", help="Who says so. [default: nobody is named]")
@click.option("--from", "file", metavar="FILE", help="Labels from a CSV or .jsonl file, as --list prints them.")
@click.option("--list", "lists", is_flag=True, help="Print the labels that count.")
@click.option("--csv", "as_csv", is_flag=True, help="Print them as CSV.")
@store_option
@with_talk
def command(talk: Talk, clips: tuple[str, ...], store_url: str, as_csv: bool, **options: Any) -> None:
    """Tell what a person heard: a clip or a machine's night is normal, or a fault, or an alarm is to be ignored.

    CLIP is the address of a scored clip, as in the column uri of the scores, or its path. A night that is normal is no
    alarm, and its clips join what asd fit learns. An alarm that is a fault or ignored stays quiet until it gets clearly
    worse or is a new one. The newest label counts. No label changes a score.

    \b
    Example:
      asd label --store store --machine fan/01 --date 2026-11-19 --fault "bearing"
      asd label --store store recordings/fan/01/a.wav --normal --by Ann
    """
    given = [option for option, name in _ACTIONS.items() if options[name] not in (None, False)]
    if len(given) != 1:
        raise UsageError(f"give one of {', '.join(_ACTIONS)}" + (f", not {' and '.join(given)}" if given else ""))
    if as_csv and (talk.as_json or not options["lists"]):
        raise UsageError("--csv is for --list, without --json: leave it out")
    machines, date = options["machines"], options["date"]
    if given[0] in ("--from", "--list") and (clips or machines or date):
        raise UsageError(f"{given[0]} takes no CLIP, --machine or --date: leave them out")
    check_date(date)
    check_date(options["ignore_until"])
    if given[0] not in ("--from", "--list") and not clips and not (machines and date):
        raise UsageError("name a CLIP, or a machine and its night: --machine TYPE/ID --date DATE")
    store = open_store_of(store_url)
    if options["lists"]:
        _list(talk, store.labels(), as_csv)
    else:
        _label(talk, store, _asked(clips, options), options["file"] is not None)


def _asked(clips: tuple[str, ...], options: dict[str, Any]) -> list[AskedLabel]:
    from asd_core.runs.label import AskedLabel
    from asd_core.runs.label_files import read_answers

    if options["file"] is not None:
        return read_answers(options["file"], options["labelled_by"])
    answers = {"is_normal": "normal", "fault": "fault", "ignore_until": "ignore", "is_removed": "removed"}
    (answer,) = [answer for name, answer in answers.items() if options[name] not in (None, False)]
    words, until = options["fault"] or "", options["ignore_until"] or ""
    subjects = [(clip, "") for clip in clips] + [("", machine) for machine in options["machines"]]
    date, by = options["date"] or "", options["labelled_by"]
    return [AskedLabel(answer, clip, machine, date, words, until, by) for clip, machine in subjects]


def _label(talk: Talk, store: Store, asked: list[AskedLabel], is_from_file: bool) -> None:
    from asd_core.runs.label import label

    done = label(store, asked)
    errors = [{"row": number + 1, "error": why} for number, why in done.refused.items()]
    if errors and not len(done.rows):
        first = f"nothing is labelled: row {errors[0]['row']}: " if is_from_file else ""
        raise UsageError(f"{first}{errors[0]['error']}")
    rows = _json_rows(done.rows)
    kind = "row" if is_from_file else "label"
    lines = [f"{kind} {one['row']} is left out: {one['error']}" for one in errors]
    told = "asd alarms and asd report take it up, and asd fit learns what is normal"
    talk.result(
        {"labelled": len(rows), "labels": rows, "left_out": errors},
        "\n".join([*map(_line, rows), *lines, f"{len(rows)} labelled: {told}"]),
    )


def _list(talk: Talk, labels: pa.Table, as_csv: bool) -> None:
    from asd_core.evaluation.csv_cells import csv_table

    rows = _json_rows(labels)
    if as_csv:
        text = csv_table(rows).rstrip("\n") if rows else ",".join(labels.column_names)
    else:
        text = "\n".join([*map(_line, rows), f"{len(rows)} labels"])
    talk.result({"labels": rows}, text)


def _json_rows(labels: pa.Table) -> list[dict[str, Any]]:
    return [row | {"labelled_at": row["labelled_at"].isoformat()} for row in labels.to_pylist()]


def _line(row: dict[str, Any]) -> str:
    from asd_core.readable import clip_name, machine_name, readable

    name = machine_name(row["machine_type"], row["machine_id"])
    clip = f", {clip_name(row['uri'])}" if row["uri"] else ""
    until = f" until {row['until']}" if row["until"] else ""
    words = f" ({readable(row['words'])})" if row["words"] else ""
    by = f", by {readable(row['labelled_by'])}" if row["labelled_by"] else ""
    return f"{name}, {row['date']}{clip}: {row['answer']}{until}{words}{by}"
