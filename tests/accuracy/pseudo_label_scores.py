"""Official scores of small networks trained on none, pseudo and true labels of simulated machines.

    python -m tests.accuracy.pseudo_label_scores FOLDER [multires|head] [quiet|noisy]

``multires`` hears the first 2 s of each recording; ``head`` is a network of two hidden layers on TWFR embeddings.

Each line is one training, of one seed: the labels, the official score of 2022 to 2025 over five machines, and the
adjusted Rand index of the labels with the conditions that were hidden. At the end come mean and deviation over seeds,
and the differences, paired by seed. Recordings are those of `tests.accuracy.pseudo_labels`.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from numpy.typing import NDArray

from asd_core.clips.selection import of_machine
from asd_core.detectors.build import new_detector
from asd_core.detectors.kmeans import KMeansConfig
from asd_core.encoders.head.network import HeadNetwork, HeadShape
from asd_core.encoders.trainable import encoder_table
from asd_core.evaluation.dcase_scores import figures, official_score
from asd_core.evaluation.labelled_clips import LabelledClips
from asd_core.recipe.recipe import Recipe, load_recipe
from asd_core.runs.pseudo_label import pseudo_labelled
from asd_core.store.tables import rows_of
from asd_core.training.checkpoints import Checkpoints
from asd_core.training.heads import new_heads
from asd_core.training.job import TrainingJob, new_model
from asd_core.training.labels import class_names, classes_of
from asd_core.training.loop import Asked, train
from asd_core.training.plan import Positions, TrainingPlan
from asd_core.training.pseudo_labels.method import PseudoLabelMethod
from asd_core.training.pseudo_labels.spaces import EmbeddedSpace, Placed, Space
from asd_core.training.pseudo_labels.triplet.recordings import Recordings
from asd_core.training.step import TrainedModel
from tests.accuracy.pseudo_labels import SEEDS, Archive, agreement, archive, embedded_space

UNLABELLED = ("machine_type", "domain")
LABELLED = (*UNLABELLED, "attributes")
SECONDS = 2.0  # of each recording
LONGEST_EMBEDDING = 2000
PROTOCOL = "dcase2022"


class Loaded:
    """Waveforms in memory, as a source of a training."""

    def __init__(self, waveforms: NDArray[np.float32]) -> None:
        self.lost: dict[str, str] = {}
        self._waveforms = waveforms

    def __call__(self, batches: Sequence[Asked]) -> Iterator[tuple[Positions, NDArray[np.float32]]]:
        """See `asd_core.training.loop.Source`."""
        for asked in batches:
            yield asked.positions, self._waveforms[asked.positions]


@dataclass(frozen=True)
class Embedded:
    """Embeddings of all clips of an archive, (N, D) of length 1."""

    clips: pa.Table
    rows: NDArray[np.float32]

    def of_machine(self, clips: pa.Table) -> Placed:
        """See `Space.of_machine`: the paper's space ``class``."""
        at = {name: row for row, name in enumerate(self.clips["clip_id"].to_pylist())}
        chosen = [at[name] for name in clips["clip_id"].to_pylist()]
        return Placed(clips, self.rows[chosen], clips.slice(0, 0).append_column("error_reason", pa.array([], "string")))


def small_recipe(seed: int) -> Recipe:
    """A multi-resolution network of one spectrogram and 16 channels, trained for 6 epochs."""
    heard = {"clip_seconds": SECONDS, "clip_rule": "tile"}
    encoder = {"kind": "multires", "spectrum": False, "stft": [1024], "channels": 16, "embedding": 32, **heard}
    training = {"sub_clusters": 4, "epochs": 6, "keep": [], "batch_size": 32, "learning_rate": 2e-3, "seed": seed}
    return Recipe("small", {"encoder": encoder, "training": training})


def trained(one: Archive, inputs: NDArray[np.float32], names: list[str | None], seed: int) -> Embedded:
    """Embeddings by a network that learnt to tell the classes of the training normals apart.

    Args:
        one: the archive.
        inputs: of all its clips: waveforms (N, T), or embeddings (N, D) for a head.
        names: of the classes of the training normals; empty ones are of a network that learnt nothing.
        seed: of the training.
    """
    recipe = small_recipe(seed).for_machine("")
    is_normal = np.array(pc.is_in(one.clips["clip_id"], value_set=one.normals["clip_id"].combine_chunks()).to_pylist())
    classes = classes_of(names or ["a", "b"] * (len(one.normals) // 2))
    count, config = len(classes.names), recipe.training
    if inputs.shape[1] < LONGEST_EMBEDDING:
        config = replace(config, epochs=30)
        network = HeadNetwork(inputs.shape[1], HeadShape((128, 128), 64), seed)
        model = TrainedModel(network, new_heads(config, network.branch_dims, count, seed), config)
    else:
        job = TrainingJob("", "", encoder_table(recipe.encoder), config, one.normals, classes.indices, count)
        model = new_model(job)
    with tempfile.TemporaryDirectory() as folder:
        if names:
            train(model, TrainingPlan(config, classes.indices), Loaded(inputs[is_normal]), Checkpoints(folder, "t"))
    network = model.network.eval()
    with torch.inference_mode():
        parts = [network(torch.from_numpy(inputs[at : at + 32])) for at in range(0, len(inputs), 32)]
    rows = torch.nn.functional.normalize(torch.cat(parts)).numpy()
    return Embedded(one.clips, rows)


def inputs_of(one: Archive, network: str, twfr: EmbeddedSpace) -> NDArray[np.float32]:
    """The inputs of all clips: waveforms, or TWFR embeddings that are standardised over all training normals."""
    if network == "multires":
        return Recordings(16_000, SECONDS).waveforms(one.clips["uri"].to_pylist())
    kinds = sorted(set(one.clips["machine_type"].to_pylist()))
    placed = [twfr.of_machine(of_machine(one.clips, kind, "00")) for kind in kinds]
    clips, rows = (
        pa.concat_tables([each.clips for each in placed]),
        np.concatenate([each.embeddings for each in placed]),
    )
    assert clips["clip_id"].to_pylist() == one.clips["clip_id"].to_pylist()
    normal = rows[np.array(clips["split"].to_pylist()) == "train"]
    return np.asarray((rows - normal.mean(axis=0)) / normal.std(axis=0), np.float32)


def score(one: Archive, space: Space) -> float:
    """The official score of the paper's back end: 16 centres of the source clips beside all target clips."""
    found = []
    for kind in sorted(set(one.clips["machine_type"].to_pylist())):
        own = space.of_machine(of_machine(one.clips, kind, "00"))
        split, domains = (np.array(own.clips[name].to_pylist()) for name in ("split", "domain"))
        is_train = split == "train"
        detector = new_detector(KMeansConfig()).fit(own.embeddings[is_train], domains[is_train])
        scores = detector.anomaly_score(own.embeddings[~is_train])
        is_anomalous = np.array(own.clips["condition"].to_pylist())[~is_train] == "anomalous"
        found.append((kind, figures(LabelledClips(scores, is_anomalous, domains[~is_train]), PROTOCOL)))
    reached = official_score(found, PROTOCOL)
    assert reached is not None
    return reached


def pseudo_names(one: Archive, name: str, space: Space, seed: int) -> tuple[list[str | None], float]:
    """Classes of the training normals with pseudo-labels, and their adjusted Rand index in the source domain."""
    found = pseudo_labelled(one.normals, one.normals, space, PseudoLabelMethod(name, seed=seed))
    labels = dict(rows_of(found.rows, "clip_id", "pseudo_label"))
    index = mean(agreement(found, one.known, "source").values())
    return class_names(one.normals, LABELLED, labels), index


def compare(folder: Path, network: str, sound: str) -> None:
    """Train and score with each kind of labels and seed."""
    one = archive(folder, sound)
    known = one.known.filter(pc.equal(one.known["split"], "train"))
    twfr = embedded_space(one, load_recipe("twfr-knn"))
    inputs = inputs_of(one, network, twfr)
    scores: dict[str, list[float]] = {}

    def tell(labels: str, seed: int, reached: float, count: int, index: float) -> None:
        scores.setdefault(labels, []).append(reached)
        cells = labels, f"{reached:.4f}", f"{count} classes", f"ARI {index:.3f}"
        print(network, sound, seed, *cells, sep=" | ", flush=True)

    for seed in SEEDS:
        tell("untrained", seed, score(one, trained(one, inputs, [], seed)), 0, 0.0)
        plain = class_names(one.normals, UNLABELLED)
        without = trained(one, inputs, plain, seed)
        tell("none", seed, score(one, without), len(set(plain)), 0.0)
        names, index = pseudo_names(one, "twfr", twfr, seed)
        tell("pseudo, twfr", seed, score(one, trained(one, inputs, names, seed)), len(set(names)), index)
        _, index = pseudo_names(one, "class", without, seed)
        print(network, sound, seed, f"space class: ARI {index:.3f}", sep=" | ", flush=True)
        names = class_names(known, LABELLED)
        tell("true", seed, score(one, trained(one, inputs, names, seed)), len(set(names)), 1.0)
    for labels, reached in scores.items():
        paired = [a - b for a, b in zip(reached, scores["none"], strict=True)]
        error = stdev(paired) / len(paired) ** 0.5
        cells = f"{mean(reached):.4f} ± {stdev(reached):.4f}", f"against none {mean(paired):+.4f} ± {error:.4f}"
        print(network, sound, labels, *cells, sep=" | ", flush=True)


def main() -> None:
    """Print the table of a network, of one kind of recordings or of both."""
    folder, network, sounds = Path(sys.argv[1]), sys.argv[2], sys.argv[3:] or ["quiet", "noisy"]
    for sound in sounds:
        compare(folder, network, sound)


if __name__ == "__main__":
    main()
