"""``asd ratings``."""

from __future__ import annotations

import click

from jobs.console import Talk
from jobs.job import with_talk


@click.command("ratings")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path())
@click.option("--out", metavar="FOLDER", help="Folder for mean_opinion_scores.csv, .png and ratings.png.")
@with_talk
def command(talk: Talk, files: tuple[str, ...], out: str | None) -> None:
    """Sum up how people rated the captions: mean opinion scores by machine and method.

    FILE is an export of the report's rating form, one for each rater and night. A rater's last rating of a caption
    counts. Prints each machine's mean opinion score (1 worst, 5 best), how many machines are over 3 with each method,
    and how well the raters agree; --out draws the scores as violins.

    \b
    Example:
      asd ratings ann.csv ben.csv --out listening-test
    """
    from asd_core.evaluation.opinion_files import read_ratings
    from asd_core.evaluation.opinion_scores import opinion_scores
    from asd_core.evaluation.opinion_tables import to_csv, to_json, to_text
    from jobs.output_files import write_files

    ratings, superseded = read_ratings(files)
    scores = opinion_scores(ratings)
    if superseded:
        talk.say(f"{superseded} ratings left out: exported twice, or the rater gave that caption another one later")
    if out is not None:
        from asd_core.evaluation.opinion_violins import draw_opinion_scores, draw_ratings

        write_files(
            out,
            {
                "mean_opinion_scores.csv": to_csv(scores).encode("utf-8", "replace"),
                "mean_opinion_scores.png": draw_opinion_scores(scores),
                "ratings.png": draw_ratings(scores),
            },
        )
        talk.say(f"wrote 3 files to {out}")
    talk.result({**to_json(scores), "superseded": superseded}, to_text(scores))
