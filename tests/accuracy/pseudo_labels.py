"""How well pseudo-labels find hidden working conditions of simulated machines, and what training with them gains.

    python -m tests.accuracy.pseudo_labels spaces FOLDER     the adjusted Rand index in each space
    python -m tests.accuracy.pseudo_labels scores FOLDER     official scores with none, pseudo and true labels

Recordings (`tests.accuracy.conditions`) and stores are kept in FOLDER. The figures are in docs/pseudo-labels.md. With
ASD_REAL_DATA the space of EfficientAT's real weights is among them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.clips.archive import list_archive
from asd_core.clips.selection import of_machine
from asd_core.pipeline.embed_missing import embed
from asd_core.pipeline.engine import LocalEngine
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.pseudo_label import PseudoLabelled, pseudo_labelled
from asd_core.store.store import Store, open_store
from asd_core.store.tables import rows_of
from asd_core.training.pseudo_labels.labelling import adjusted_rand
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from asd_core.training.pseudo_labels.spaces import EmbeddedSpace, Placed, Space
from tests.accuracy.conditions import hidden, write_conditions

SEEDS = range(5)
SOUNDS = ("quiet", "noisy")

Run = tuple[dict[str, float], dict[str, float], int]
"""Adjusted Rand index of each type, source and target, and the number of labels."""


@dataclass(frozen=True)
class Archive:
    """One of the two archives: its clips with and without attributes, and its training normals without."""

    name: str
    known: pa.Table
    clips: pa.Table
    normals: pa.Table
    store: Store


def archive(folder: Path, sound: str) -> Archive:
    """The archive of machines alone (``quiet``), or with other machines around (``noisy``)."""
    root = folder / sound
    if not root.exists():
        write_conditions(root, sound == "noisy")
    known = list_archive(str(root)).clips
    clips = hidden(known)
    normals = clips.filter(pc.equal(clips["split"], "train"))
    return Archive(sound, known, clips, normals, open_store(str(folder / f"{sound}-store")))


def embedded_space(archive: Archive, recipe: Recipe) -> EmbeddedSpace:
    """The embeddings of a recipe's encoder."""
    embedded = embed(archive.store, recipe.encoders_of(archive.clips), archive.clips, LocalEngine())
    return EmbeddedSpace(archive.store, embedded)


@dataclass(frozen=True)
class TripletNetworks:
    """Triplet networks of an eighth of the paper's width, on 2 s: trained, or as they begin (the trivial twin).

    A machine's 88 clips make two batches an epoch, so that 12 epochs are 24 steps; the paper's 6 epochs are some 190.
    """

    normals: pa.Table
    seed: int
    is_trained: bool

    def of_machine(self, clips: pa.Table) -> Placed:
        """See `Space.of_machine`."""
        from asd_core.training.pseudo_labels.triplet.network import SAMPLE_RATE, new_network
        from asd_core.training.pseudo_labels.triplet.recordings import Recordings
        from asd_core.training.pseudo_labels.triplet.space import TripletSpace
        from asd_core.training.pseudo_labels.triplet.training import TripletSettings, embedded

        settings = TripletSettings(clip_seconds=2.0, epochs=12, channels=16)
        if self.is_trained:
            return TripletSpace(self.normals, settings, self.seed).of_machine(clips)
        network = new_network(settings.channels, self.seed).eval()
        recordings = Recordings(SAMPLE_RATE, settings.clip_seconds)
        rows = [embedded(network, recordings.waveforms([uri])) for uri in clips["uri"].to_pylist()]
        return Placed(
            clips, np.concatenate(rows), clips.slice(0, 0).append_column("error_reason", pa.array([], "string"))
        )


class Kept:
    """A space whose places of all of a machine's clips are kept, so that several methods share one training."""

    def __init__(self, space: Space, clips: pa.Table) -> None:
        self._space, self._clips = space, clips
        self._places: dict[str, Placed] = {}

    def of_machine(self, clips: pa.Table) -> Placed:
        """See `Space.of_machine`; no clip of these archives is left out."""
        kind = clips["machine_type"][0].as_py()
        if kind not in self._places:
            self._places[kind] = self._space.of_machine(of_machine(self._clips, kind, "00"))
        placed = self._places[kind]
        at = {name: row for row, name in enumerate(placed.clips["clip_id"].to_pylist())}
        order = [at[name] for name in clips["clip_id"].to_pylist()]
        return Placed(placed.clips.take(order), placed.embeddings[order], placed.left_out)


def agreement(found: PseudoLabelled, known: pa.Table, domain: str) -> dict[str, float]:
    """Machine type → adjusted Rand index of its pseudo-labels in a domain against the attributes that were hidden."""
    true = dict(rows_of(known, "clip_id", "attributes"))
    rows = found.rows.filter(pc.and_(pc.equal(found.rows["domain"], domain), pc.is_valid(found.rows["pseudo_label"])))
    indices = {}
    for kind in sorted(set(rows["machine_type"].to_pylist())):
        own = rows.filter(pc.equal(rows["machine_type"], kind))
        attributes = np.array([true[name] for name in own["clip_id"].to_pylist()])
        indices[kind] = adjusted_rand(attributes, np.array(own["pseudo_label"].to_pylist()))
    return indices


Made = Callable[[Archive, int], Space]
"""The space of an archive for a seed."""


def spaces() -> dict[str, tuple[Made, Sequence[int]]]:
    """The spaces to be compared by name, and the seeds of each: trained ones are dear."""
    found: dict[str, tuple[Made, Sequence[int]]] = {
        "twfr": (lambda one, _: embedded_space(one, load_recipe("twfr-knn")), SEEDS)
    }
    if data := os.environ.get("ASD_REAL_DATA"):
        weights = {"encoder.weights": str(Path(data) / "efficientat_mn04")}
        mn04 = load_recipe("mn04-density-knn").with_settings(weights)
        found["mn04"] = (lambda one, _: embedded_space(one, mn04), SEEDS)
    for name, is_trained in (("triplet, untrained", False), ("triplet", True)):
        found[name] = (partial(_triplet, is_trained=is_trained), SEEDS[:3])
    return found


def _triplet(one: Archive, seed: int, is_trained: bool) -> Space:
    return TripletNetworks(one.normals, seed, is_trained)


def methods(space: str, seed: int) -> list[PseudoLabelMethod]:
    """Ours, with the code's criterion, and as the code has it."""
    return [
        PseudoLabelMethod(space, seed=seed),
        PseudoLabelMethod(space, bic="held-out", seed=seed),
        PseudoLabelMethod(space, transductive=True, bic="held-out", seed=seed),
    ]


def compare_spaces(folder: Path) -> None:
    """Print the adjusted Rand index of each space and method, mean and deviation over seeds."""
    print("sound | space | seeds | map | BIC | source: mean ± sd over seeds (each type) | target: mean ± sd | labels")
    for name, (made, seeds) in spaces().items():
        for sound in SOUNDS:
            one = archive(folder, sound)
            results: dict[tuple[str, str], list[Run]] = {}
            for seed in seeds:
                kept = Kept(made(one, seed), one.clips)
                for method in methods(name, seed):
                    clips = one.clips if method.transductive else one.normals
                    found = pseudo_labelled(clips, one.normals, kept, method)
                    labels = len(set(found.rows["pseudo_label"].drop_null().to_pylist()))
                    source, target = (agreement(found, one.known, domain) for domain in ("source", "target"))
                    map_ = "transductive" if method.transductive else "train-only"
                    results.setdefault((map_, method.bic), []).append((source, target, labels))
            for words, runs in results.items():
                print(sound, name, len(seeds), *words, *row(runs), sep=" | ", flush=True)


def row(runs: list[Run]) -> tuple[str, str, str]:
    """Cells of a table: source and target, mean over types with its deviation over seeds, and the mean label count."""
    source, target = ([mean(run[place].values()) for run in runs] for place in (0, 1))
    kinds = ", ".join(f"{kind} {mean(run[0][kind] for run in runs):.2f}" for kind in sorted(runs[0][0]))
    return (
        f"{mean(source):.3f} ± {stdev(source):.3f} ({kinds})",
        f"{mean(target):.3f} ± {stdev(target):.3f}",
        f"{mean(run[2] for run in runs):.1f}",
    )


def main() -> None:
    """Print one of the two tables."""
    what, folder = sys.argv[1], Path(sys.argv[2])
    {"spaces": compare_spaces}[what](folder)


if __name__ == "__main__":
    main()
