"""``asd pseudo-label``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jobs.cheap_checks import check_normals
from jobs.job import Job, on_archive
from jobs.options import choice, normal_options

if TYPE_CHECKING:
    from asd_core.training.pseudo_labels.labelling import DomainClusters


@click.command("pseudo-label")
@click.argument("archive", required=False)
@click.option("--as", "name", required=True, metavar="NAME", help="Name to keep them under.")
@choice(
    "--space",
    values=["embeddings", "triplet"],
    help="Where clusters are looked for: embeddings of the recipe's encoder, or a small network for each machine that "
    "learns to hear its sound through the noise of the others.",
)
@click.option(
    "--transductive",
    is_flag=True,
    help="Fit the map to training and test clips together, as the paper's published code does. [default: to training "
    "normals only]",
)
@choice(
    "--bic",
    values=["fitted", "held-out"],
    help="Criterion for the number of clusters: on the points fitted to (the paper), or on held-out folds (its "
    "published code).",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of everything random.")
@normal_options
@on_archive
def command(
    job: Job,
    name: str,
    space: str,
    transductive: bool,
    bic: str,
    seed: int,
    since: str | None,
    until: str | None,
    normal_list: str | None,
) -> None:
    """Find classes of normal clips whose attributes nobody wrote down, for asd train.

    The clips of each machine are laid out on a map (UMAP) and clustered there (Gaussian mixtures, as many as BIC asks
    for), each domain by itself. asd train takes the labels by --set training.pseudo_labels=NAME. The normal clips are
    chosen as in asd fit.

    \b
    Example:
      asd pseudo-label recordings --as kinds --store store --until 2026-11-14
    """
    from asd_core.clips.selection import training_clips
    from asd_core.encoders.build import encoder_note
    from asd_core.pipeline.embed_missing import embed
    from asd_core.runs.pseudo_label import keep_pseudo_labels, pseudo_labelled
    from asd_core.training.pseudo_labels.method import PseudoLabelMethod
    from asd_core.training.pseudo_labels.spaces import EmbeddedSpace

    check_normals(since, until, normal_list)
    encoder = job.recipe.for_machine("").encoder
    method = PseudoLabelMethod(encoder.name or encoder.kind, transductive, bic, seed=seed)  # type: ignore[arg-type]
    listed = job.clips()
    normals = training_clips(listed, since, until, normal_list)
    with job.engine("pseudo-label") as engine:
        embedded = embed(job.store, job.recipe.encoders_of(listed), listed, engine, job.talk.progress)
        space_ = EmbeddedSpace(job.store, embedded)
        found = pseudo_labelled(listed, normals, space_, method, job.talk.progress)
    made = {"fingerprints": embedded.fingerprints, "note": encoder_note(encoder)}
    kept = keep_pseudo_labels(job.store, name, found, method, made)
    for clusters in found.clusters:
        job.talk.say(_line(clusters))
    for machine in found.left_out:
        job.talk.say(f"note: {machine}: no training normal could be embedded, so it has no pseudo-label")
    counts = kept["counts"]
    text = f"{counts['labelled']} clips in {counts['labels']} classes, kept as {name}: {method.words}"
    job.talk.result({**counts, "name": name, "words": method.words, "clusters": kept["clusters"]}, text)


def _line(found: DomainClusters) -> str:
    domain = f" {found.domain}" if found.domain else ""
    line = f"{found.machine_type} {found.machine_id}{domain}: {found.clusters} clusters of {found.clips} normal clips"
    if found.adjusted_rand is not None:
        line += f", adjusted Rand index {found.adjusted_rand:.3f} against {found.attributes} true attributes"
    return f"{line}; {found.note}" if found.note else line
