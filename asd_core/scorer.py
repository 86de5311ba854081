"""A scorer: what `fit` saves and `score` loads for one machine.

    scorers/<KEY>/<machine_type>/<machine_id>/<version>/<hash>.npz     the detector's arrays
    scorers/<KEY>/<machine_type>/<machine_id>/<version>/scorer.json    everything else, written last

JSON and plain arrays only: nothing in it is executed when it is loaded.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as library_version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asd_core.detectors.build import load_detector, new_detector
from asd_core.detectors.protocol import Detector, Domains, Embeddings
from asd_core.detectors.unseen import unseen_scores
from asd_core.errors import AsdError
from asd_core.recipe import MachineRecipe
from asd_core.store import Store, safe_name
from asd_core.tables import content_hash
from asd_core.thresholds import ThresholdConfig, decision_threshold, p_values

_LIBRARIES = ("numpy", "scikit-learn", "scipy", "soundfile", "soxr")


@dataclass(frozen=True)
class Scorer:
    """One machine's detector, threshold and what they were made from.

    Attributes:
        machine_type: whose.
        machine_id: whose.
        recipe: the recipe as it held for this machine type.
        fingerprint: of the embeddings; others are refused.
        detector: fitted.
        transform: arrays of the embedding transform, empty for none.
        threshold: scores above it are flagged.
        unseen: (N,) float64, ascending: scores of the training normals as if unseen.
        false_alarm_rate: share of unseen normals above a threshold that was set without them and their neighbours.
        uris: the training clips, in the order of the detector's rows.
        notes: what was done otherwise than asked.
        median_level_db: of the training clips, dB re full scale; None where they were not heard here.
    """

    machine_type: str
    machine_id: str
    recipe: MachineRecipe
    fingerprint: str
    detector: Detector
    transform: dict[str, NDArray[np.float64]]
    threshold: float
    unseen: NDArray[np.float64]
    false_alarm_rate: float
    uris: Sequence[str]
    notes: Sequence[str] = field(default_factory=tuple)
    median_level_db: float | None = None

    def score(self, embeddings: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Anomaly scores (higher is more anomalous) and conformal p-values of embeddings: (M, D) → (M,) and (M,)."""
        scores = self.detector.anomaly_score(transformed(embeddings, self.transform))
        return scores, p_values(scores, self.unseen)

    def nearest(self, embeddings: NDArray[np.float32], k: int) -> tuple[list[list[str]], NDArray[np.float64]]:
        """The nearest training clips of each embedding: uris, and distances (M, min(k, N)), nearest first."""
        indices, distances = self.detector.nearest(transformed(embeddings, self.transform), k)
        return [[self.uris[index] for index in row] for row in indices.tolist()], distances


def fit_scorer(
    machine_type: str,
    machine_id: str,
    recipe: MachineRecipe,
    fingerprint: str,
    embeddings: NDArray[np.float32],
    domains: Domains,
    uris: Sequence[str],
    levels_db: Sequence[float | None] = (),
) -> Scorer:
    """Learn one machine's normal sound.

    Args:
        machine_type: whose.
        machine_id: whose.
        recipe: as it holds for the machine type.
        fingerprint: of the embeddings.
        embeddings: (N, D) float32 of normal clips.
        domains: (N,) "source", "target" or "".
        uris: (N,) of the clips.
        levels_db: (N,) dB re full scale; None for a clip that was not heard here.

    Raises:
        AsdError: too few clips, or clips that cannot be learnt from.
    """
    if len(embeddings) < 2:
        raise AsdError(
            f"{len(embeddings)} normal clip of {machine_type} {machine_id}: at least 2 are needed; record more"
        )
    transform = fit_transform(embeddings, recipe.embedding.transform)
    values = transformed(embeddings, transform)
    detector = new_detector(recipe.detector).fit(values, domains)
    row_scores = unseen_scores(recipe.detector, values, domains)
    by_name = row_scores[sorted(range(len(uris)), key=uris.__getitem__)]
    unseen = np.sort(row_scores)
    threshold = decision_threshold(unseen, recipe.threshold)
    heard = [level for level in levels_db if level is not None]
    return Scorer(
        machine_type,
        machine_id,
        recipe,
        fingerprint,
        detector,
        transform,
        threshold.value,
        unseen,
        cross_validated_false_alarm_rate(by_name, recipe.threshold),
        tuple(uris),
        (*detector.notes_, *threshold.notes),
        None if not heard else float(np.median(heard)),
    )


def fit_transform(embeddings: NDArray[np.float32], kind: str) -> dict[str, NDArray[np.float64]]:
    """What an embedding transform needs to know of the training normals: nothing, or mean and deviation (D,)."""
    if kind == "none":
        return {}
    if np.any(embeddings < 0):
        raise AsdError(f'log-zscore takes powers, but an embedding holds {embeddings.min()}; take transform = "none"')
    logarithms = np.log(embeddings.astype(np.float64) + 1e-12)
    # A dimension that never varied says nothing about normal sound; a deviation of 1 leaves it as it is. Its computed
    # deviation need not be 0: the mean is rounded, and dividing by what that leaves would drown all other dimensions.
    varies = logarithms.min(axis=0) < logarithms.max(axis=0)
    return {"mean": logarithms.mean(axis=0), "deviation": np.where(varies, logarithms.std(axis=0), 1.0)}


def transformed(embeddings: NDArray[np.float32], transform: dict[str, NDArray[np.float64]]) -> Embeddings:
    """Apply an embedding transform: (N, D) → (N, D), float32 as it was or float64."""
    if not transform:
        return embeddings
    logarithms = np.log(np.maximum(embeddings.astype(np.float64), 0) + 1e-12)
    return np.asarray((logarithms - transform["mean"]) / transform["deviation"])


def cross_validated_false_alarm_rate(unseen: NDArray[np.float64], config: ThresholdConfig, folds: int = 5) -> float:
    """Share of unseen normal scores above a threshold set on the other folds: what to expect of the real one.

    The folds are runs of neighbours, so that nights unlike the others count. Folds that are spread evenly over the
    ranks of the scores would give the same share whatever the scores.

    Args:
        unseen: (N,) scores of the training normals as if unseen, in the order of their names, which is that of time.
        config: the rule of the threshold.
        folds: how many.

    Returns:
        In [0, 1]; NaN where there are fewer than two clips a fold.
    """
    if len(unseen) < 2 * folds:
        return float("nan")
    flagged = 0
    for held_out in np.array_split(np.arange(len(unseen)), folds):
        threshold = decision_threshold(np.delete(unseen, held_out), config)
        flagged += int(np.sum(unseen[held_out] > threshold.value))
    return flagged / len(unseen)


def save_scorer(store: Store, key: str, scorer: Scorer) -> tuple[str, bool]:
    """Commit a scorer as the machine's newest version, unless the newest is this very one.

    Returns:
        The version, and whether it is new.
    """
    arrays = {f"detector.{name}": value for name, value in scorer.detector.state().items()}
    arrays |= {f"transform.{name}": value for name, value in scorer.transform.items()}
    arrays["unseen"] = scorer.unseen
    data = _to_npz(arrays)
    head: dict[str, Any] = {
        "machine_type": scorer.machine_type,
        "machine_id": scorer.machine_id,
        "recipe": scorer.recipe.of_scores(),
        "fingerprint": scorer.fingerprint,
        "threshold": scorer.threshold,
        "median_unseen_score": float(np.median(scorer.unseen)),
        "median_level_db": scorer.median_level_db,
        "false_alarm_rate": None if np.isnan(scorer.false_alarm_rate) else scorer.false_alarm_rate,
        "uris": list(scorer.uris),
        "notes": list(scorer.notes),
        "arrays": content_hash(data),
        "libraries": {name: library_version(name) for name in _LIBRARIES},
    }
    text = json.dumps(head, indent=1, sort_keys=True).encode()
    digest = content_hash(text)[:8]
    folder = scorer_folder(key, scorer.machine_type, scorer.machine_id)
    newest = newest_versions(store, folder).get(folder)
    if newest is not None and newest.endswith(digest):
        return newest, False
    number = int(newest[1:7]) + 1 if newest else 1
    version = f"v{number:06d}-{digest}"
    store.files.write_new(f"{folder}/{version}/{head['arrays']}.npz", data)
    store.files.write_new(f"{folder}/{version}/scorer.json", text)
    return version, True


def load_scorer(store: Store, folder: str, version: str, recipe: MachineRecipe, fingerprint: str) -> Scorer:
    """Load a committed scorer.

    Raises:
        AsdError: it was made from other embeddings, or its bytes have changed.
    """
    text = store.files.read(f"{folder}/{version}/scorer.json")
    if content_hash(text)[:8] != version[-8:]:
        raise _changed(folder, version)
    head = json.loads(text)
    if head["fingerprint"] != fingerprint:
        raise AsdError(
            f"the scorer in {folder} was fitted on embeddings {head['fingerprint']}, not {fingerprint}: "
            "run asd fit again"
        )
    try:
        data = store.files.read(f"{folder}/{version}/{head['arrays']}.npz")
    except FileNotFoundError as error:
        raise _changed(folder, version) from error
    if content_hash(data) != head["arrays"]:
        raise _changed(folder, version)
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            detector = {name[9:]: arrays[name] for name in arrays.files if name.startswith("detector.")}
            transform = {name[10:]: arrays[name] for name in arrays.files if name.startswith("transform.")}
            unseen = arrays["unseen"]
    except ValueError as error:  # an array of Python objects, which would be executed
        raise AsdError(f"the scorer in {folder}/{version} holds more than plain arrays: remove the folder") from error
    rate = head["false_alarm_rate"]
    return Scorer(
        head["machine_type"],
        head["machine_id"],
        recipe,
        fingerprint,
        load_detector(recipe.detector, detector),
        transform,
        head["threshold"],
        unseen,
        float("nan") if rate is None else rate,
        head["uris"],
        head["notes"],
        head["median_level_db"],
    )


def _changed(folder: str, version: str) -> AsdError:
    return AsdError(f"the scorer in {folder}/{version} has changed since: remove that folder and run asd fit again")


def scorer_folder(key: str, machine_type: str, machine_id: str) -> str:
    """Where a machine's scorers lie."""
    return f"scorers/{key}/{safe_name(machine_type)}/{safe_name(machine_id)}"


def training_uris(store: Store, versions: Mapping[str, str]) -> set[str]:
    """The clips that scorers were fitted on.

    Args:
        store: where they are.
        versions: scorer folder → version, as in the record of a run that scored with them.

    Raises:
        AsdError: one is gone.
    """
    uris: set[str] = set()
    for folder, version in versions.items():
        try:
            uris.update(json.loads(store.files.read(f"{folder}/{version}/scorer.json"))["uris"])
        except FileNotFoundError as error:
            raise AsdError(
                f"the scorer in {folder}/{version} is gone, so which clips it was fitted on is not known: "
                "run asd fit again"
            ) from error
    return uris


def newest_versions(store: Store, prefix: str) -> dict[str, str]:
    """Scorer folder → newest committed version, for all folders under a prefix; one listing for a whole fleet."""
    newest: dict[str, str] = {}
    for info in store.files.list(prefix):
        if info.path.endswith("/scorer.json"):
            folder, version, _ = info.path.rsplit("/", 2)
            newest[folder] = max(version, newest.get(folder, ""))
    return newest


def _to_npz(arrays: dict[str, NDArray[Any]]) -> bytes:
    objects = [name for name, array in arrays.items() if array.dtype.hasobject]
    if objects:
        raise AsdError(f"a detector's state must hold plain arrays, but {objects[0]} holds Python objects")
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()
