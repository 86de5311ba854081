"""``asd pseudo-label``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jobs.cheap_checks import check_normals
from jobs.console import report_text
from jobs.job import Job, on_archive
from jobs.options import choice, normal_options

if TYPE_CHECKING:
    import pyarrow as pa

    from asd_core.runs.pseudo_label import PseudoLabelled
    from asd_core.training.pseudo_labels.labelling import DomainClusters
    from asd_core.training.pseudo_labels.method import PseudoLabelMethod


@click.command("pseudo-label")
@click.argument("archive", required=False)
@click.option("--as", "name", required=True, metavar="NAME", help="Name to keep them under.")
@choice(
    "--space",
    values=["embeddings", "triplet"],
    help="Where clusters are looked for: embeddings of the recipe's encoder, or a small network for each machine, "
    "trained to hear it through the noise of the others.",
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
@click.option(
    "--clip-seconds",
    type=click.FloatRange(min=0.1),
    default=18.0,
    show_default=True,
    help="Length of the clips of --space triplet, in s; shorter ones are repeated.",
)
@click.option(
    "--channels",
    type=click.IntRange(min=8),
    default=128,
    show_default=True,
    help="Channels of the networks of --space triplet, a multiple of 8; fewer are faster.",
)
@click.option("--scores", "key", default="", metavar="KEY", help="Show anomaly scores of this recipe key on the page.")
@click.option("--only-page", is_flag=True, help="Write the page again, from what is stored, and nothing else.")
@normal_options
@on_archive
def command(
    job: Job,
    name: str,
    key: str,
    only_page: bool,
    transductive: bool,
    bic: Any,
    since: str | None,
    until: str | None,
    normal_list: str | None,
    **options: Any,
) -> None:
    """Find classes of normal clips whose attributes nobody wrote down, for training.

    The clips of each machine are laid out on a map (UMAP) and clustered there (Gaussian mixtures, as many as BIC asks
    for), each domain by itself. --set training.pseudo_labels=NAME takes the labels. The normal clips are chosen as in
    asd fit.

    \b
    Example:
      asd pseudo-label recordings --as kinds --store store --until 2026-11-14
    """
    from asd_core.clips.selection import training_clips
    from asd_core.runs.pseudo_label import keep_pseudo_labels, show_pseudo_labels
    from asd_core.training.pseudo_labels.method import PseudoLabelMethod

    if only_page:
        page = job.store.files.address(show_pseudo_labels(job.store, name, key))
        job.talk.result({"name": name, "page": page}, report_text(page))
        return
    check_normals(since, until, normal_list)
    is_triplet = options["space"] == "triplet"
    encoder = job.recipe.for_machine("").encoder
    space = "triplet" if is_triplet else encoder.name or encoder.kind
    method = PseudoLabelMethod(space, transductive, bic, seed=options["seed"])
    listed = job.clips()
    normals = training_clips(listed, since, until, normal_list)
    if is_triplet:
        found, made = _in_triplet_space(job, listed, normals, method, options["clip_seconds"], options["channels"])
    else:
        found, made = _in_embeddings(job, listed, normals, method)
    kept = keep_pseudo_labels(job.store, name, found, method, made)
    for clusters in found.clusters:
        job.talk.say(_line(clusters))
    for machine in found.left_out:
        job.talk.say(f"note: {machine}: no training normal could be embedded, so it has no pseudo-label")
    counts, notes = kept["counts"], made["notes"]
    page = job.store.files.address(show_pseudo_labels(job.store, name, key))
    text = f"{counts['labelled']} clips in {counts['labels']} classes, kept as {name}: {method.words}"
    summary = {**counts, "name": name, "words": method.words, "clusters": kept["clusters"], "notes": notes}
    lines = [text, *(f"note: {note}" for note in notes), report_text(page)]
    job.talk.result({**summary, "page": page}, "\n".join(lines))


def _in_embeddings(
    job: Job, listed: pa.Table, normals: pa.Table, method: PseudoLabelMethod
) -> tuple[PseudoLabelled, dict[str, Any]]:
    from asd_core.pipeline.embed_missing import embed
    from asd_core.runs.pseudo_label import pseudo_labelled
    from asd_core.training.pseudo_labels.spaces import EmbeddedSpace

    with job.engine("pseudo-label") as engine:
        embedded = embed(job.store, job.recipe.encoders_of(listed), listed, engine, job.talk.progress)
        found = pseudo_labelled(listed, normals, EmbeddedSpace(job.store, embedded), method, job.talk.progress)
    return found, {"fingerprints": embedded.fingerprints, "notes": job.recipe.notes()}


def _in_triplet_space(
    job: Job, listed: pa.Table, normals: pa.Table, method: PseudoLabelMethod, clip_seconds: float, channels: int
) -> tuple[PseudoLabelled, dict[str, Any]]:
    from dataclasses import asdict

    from asd_core.runs.pseudo_label import pseudo_labelled
    from asd_core.training.pseudo_labels.triplet.space import TripletSpace
    from asd_core.training.pseudo_labels.triplet.training import TripletSettings, best_device

    settings = TripletSettings(clip_seconds=clip_seconds, channels=channels)
    channel = job.options["channel"]
    space = TripletSpace(normals, settings, method.seed, channel, best_device(), job.talk.progress)
    found = pseudo_labelled(listed, normals, space, method, job.talk.progress)
    return found, {"triplet": asdict(settings), "notes": space.notes}


def _line(found: DomainClusters) -> str:
    domain = f" {found.domain}" if found.domain else ""
    line = f"{found.machine_type} {found.machine_id}{domain}: {found.clusters} clusters of {found.clips} normal clips"
    if found.adjusted_rand is not None:
        line += f", adjusted Rand index {found.adjusted_rand:.3f} against {found.attributes} true attributes"
    return f"{line}; {found.note}" if found.note else line
