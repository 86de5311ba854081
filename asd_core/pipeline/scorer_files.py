"""Saving and loading scorers."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from asd_core.alarms.segment_nulls import SegmentScores
from asd_core.alarms.thresholds import ThresholdConfig
from asd_core.detectors.build import load_detector
from asd_core.digest import content_hash
from asd_core.errors import AsdError
from asd_core.libraries import library_version
from asd_core.pipeline.recording_scores import LearntSegments
from asd_core.pipeline.scorer import Scorer, judged_by
from asd_core.pipeline.scorer_versions import FIT_AGAIN, name_newest, newest_committed
from asd_core.pipeline.stored_scorers import stored_head, unchanged_file
from asd_core.recipe.machine_recipe import JUDGING, MachineRecipe
from asd_core.store.broken_files import named_if_broken
from asd_core.store.store import Store, safe_name

_AS_THEY_ARE = ("machine_type", "machine_id", "fingerprint", "threshold", "median_level_db")  # of a scorer's fields
_LIBRARIES = ("numpy", "scikit-learn", "scipy", "soundfile", "soxr")


def save_scorer(
    store: Store, key: str, scorer: Scorer, labelled_normal: int = 0, update: Mapping[str, Any] | None = None
) -> tuple[str, bool]:
    """Commit a scorer as the machine's newest version, unless the newest is this very one.

    Args:
        store: where it goes.
        key: of the recipe.
        scorer: fitted.
        labelled_normal: of its training clips, those that are there because a person labelled them normal.
        update: the ``anchor`` (a version) and the ``nights`` that joined it; None for a bank that a person chose.

    Returns:
        The version, and whether it is new.
    """
    folder = scorer_folder(key, scorer.machine_type, scorer.machine_id)
    head = head_of(scorer, labelled_normal) | ({"update": dict(update)} if update else {})
    return commit_scorer(store, folder, head, as_npz(scorer_arrays(scorer)))


def scorer_arrays(scorer: Scorer) -> dict[str, NDArray[Any]]:
    """All arrays of a scorer, by name."""
    arrays = {f"detector.{name}": value for name, value in scorer.detector.state().items()}
    arrays |= {f"transform.{name}": value for name, value in scorer.transform.items()}
    arrays["unseen"] = scorer.unseen
    if scorer.segments is not None:
        learnt = scorer.segments
        arrays |= {"segments.scores": learnt.unseen.scores, "segments.recordings": learnt.unseen.recordings}
        arrays["segments.starts"] = learnt.starts
    if scorer.unseen_by_name is not None:
        arrays["unseen_by_name"] = scorer.unseen_by_name
    if scorer.unseen_rows is not None:
        arrays["unseen_rows"] = scorer.unseen_rows
    return arrays


def head_of(scorer: Scorer, labelled_normal: int = 0) -> dict[str, Any]:
    """All else of a scorer, JSON values; what older versions did not know stands there where it says something."""
    return {
        **{name: getattr(scorer, name) for name in _AS_THEY_ARE},
        "recipe": scorer.recipe.of_scores(),
        **judgement_of(scorer),
        "median_unseen_score": float(np.median(scorer.unseen)),
        "uris": list(scorer.uris) if scorer.segments is None else list(dict.fromkeys(scorer.uris)),
        **({} if scorer.seconds_learnt is None else {"seconds_learnt": list(scorer.seconds_learnt)}),
        **({} if scorer.left_out == "clip" else {"left_out": scorer.left_out}),
        **({} if not scorer.lenders else {"lenders": list(scorer.lenders)}),
        **({"labelled_normal": labelled_normal} if labelled_normal else {}),
    }


def commit_scorer(store: Store, folder: str, head: dict[str, Any], data: bytes) -> tuple[str, bool]:
    """Commit a scorer of any kind as the newest version of a machine's folder, unless the newest is this very one.

    Args:
        store: where it goes.
        folder: of the machine.
        head: JSON values, without ``arrays`` and ``libraries``.
        data: its arrays, see `as_npz`.

    Returns:
        The version, and whether it is new.
    """
    head |= {"arrays": content_hash(data), "libraries": {name: library_version(name) for name in _LIBRARIES}}
    text = json.dumps(head, indent=1, sort_keys=True).encode()
    digest = content_hash(text)[:8]
    version = newest_committed(store, folder).get(folder, "")
    is_new = not version.endswith(f"-{digest}") and not (version and _learnt_the_same(store, folder, version, head))
    if is_new:
        version = f"v{int(version[1:7] or 0) + 1:06d}-{digest}"
        store.files.write_new(f"{folder}/{version}/{head['arrays']}.npz", data)
        store.files.write_new(f"{folder}/{version}/scorer.json", text)
    name_newest(store, folder, version)
    return version, is_new


class Judged(Protocol):
    """A scorer of any kind, as far as its threshold decides it."""

    @property
    def threshold(self) -> float:
        """Scores above it are flagged."""

    @property
    def false_alarm_rate(self) -> float:
        """See `Scorer.false_alarm_rate`."""

    @property
    def notes(self) -> Sequence[str]:
        """See `Scorer.notes`."""


def judgement_of(scorer: Judged) -> dict[str, Any]:
    """The part of a scorer's head that its threshold decides; JSON values."""
    rate = None if np.isnan(scorer.false_alarm_rate) else scorer.false_alarm_rate
    return {"threshold": scorer.threshold, "false_alarm_rate": rate, "notes": list(scorer.notes)}


def load_scorer(store: Store, folder: str, version: str, recipe: MachineRecipe, fingerprint: str) -> Scorer:
    """Load a committed scorer.

    Raises:
        AsdError: it was made from other embeddings, or its bytes have changed.
    """
    head = stored_head(store, folder, version)
    with named_if_broken(f"{folder}/{version}", FIT_AGAIN):
        scorer = _loaded(store, folder, version, recipe, fingerprint, head)
    return scorer


def _loaded(
    store: Store, folder: str, version: str, recipe: MachineRecipe, fingerprint: str, head: Mapping[str, Any]
) -> Scorer:
    if head["fingerprint"] != fingerprint:
        raise AsdError(
            f"the scorer in {folder} was fitted on embeddings {head['fingerprint']}, not {fingerprint}: "
            "run asd fit again"
        )
    data = unchanged_file(store, folder, version, f"{head['arrays']}.npz", head["arrays"])
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            detector = {name[9:]: arrays[name] for name in arrays.files if name.startswith("detector.")}
            transform = {name[10:]: arrays[name] for name in arrays.files if name.startswith("transform.")}
            unseen = arrays["unseen"]
            by_name = arrays["unseen_by_name"] if "unseen_by_name" in arrays.files else None
            unseen_rows = arrays["unseen_rows"] if "unseen_rows" in arrays.files else None
            segments = _segments(arrays)
    except ValueError as error:  # an array of Python objects, which would be executed
        raise AsdError(f"the scorer in {folder}/{version} holds more than plain arrays: remove the folder") from error
    rate = head["false_alarm_rate"]
    fitted = Scorer(
        **{name: head[name] for name in [*_AS_THEY_ARE, "notes"]},
        uris=head["uris"] if segments is None else [head["uris"][number] for number in segments.unseen.recordings],
        recipe=recipe,
        detector=load_detector(recipe.detector, detector),
        transform=transform,
        unseen=unseen,
        false_alarm_rate=float("nan") if rate is None else rate,
        unseen_by_name=by_name,
        segments=segments,
        seconds_learnt=head.get("seconds_learnt"),
        unseen_rows=unseen_rows,
        left_out=head.get("left_out", "clip"),
        lenders=tuple(head.get("lenders", ())),
    )
    return judged_by(fitted, recipe.threshold, ThresholdConfig(**head["recipe"]["threshold"]))


def _learnt_the_same(store: Store, folder: str, version: str, head: Mapping[str, Any]) -> bool:
    """True where a stored scorer differs in nothing but how scores are judged.

    Its threshold is taken anew when it is loaded. One that was removed by hand or has changed bytes is another.
    """
    try:
        stored = stored_head(store, folder, version)
        if _without_judgement(stored) != _without_judgement(json.loads(json.dumps(head))):
            return False
        unchanged_file(store, folder, version, f"{stored['arrays']}.npz", stored["arrays"])
    except AsdError:
        return False
    return True


def _without_judgement(head: Mapping[str, Any]) -> dict[str, Any]:
    judged = ("threshold", "false_alarm_rate", "notes")  # `judgement_of`
    told = ("seconds_learnt", "labelled_normal", "update")  # which change no score
    kept = {name: value for name, value in head.items() if name not in (*judged, *told)}
    return kept | {"recipe": {table: value for table, value in head["recipe"].items() if table not in JUDGING}}


def _segments(arrays: Mapping[str, NDArray[Any]]) -> LearntSegments | None:
    if "segments.scores" not in arrays:
        return None
    scores = SegmentScores(arrays["segments.scores"], arrays["segments.recordings"])
    return LearntSegments(scores, arrays["segments.starts"])


def scorer_folder(key: str, machine_type: str, machine_id: str) -> str:
    """The folder of a machine's scorers."""
    return f"scorers/{key}/{safe_name(machine_type)}/{safe_name(machine_id)}"


def as_npz(arrays: dict[str, NDArray[Any]]) -> bytes:
    """Plain arrays as the bytes of an ``.npz`` file.

    Raises:
        AsdError: one holds Python objects.
    """
    objects = [name for name, array in arrays.items() if array.dtype.hasobject]
    if objects:
        raise AsdError(f"a detector's state must hold plain arrays, but {objects[0]} holds Python objects")
    sink = io.BytesIO()
    np.savez(sink, **arrays)
    return sink.getvalue()
