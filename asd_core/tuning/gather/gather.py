"""One pass over the audio of a search: every clip is decoded once, whatever the number of settings.

What was gathered stays where it is, under names that follow from clips and encoders: a search that is broken and begun
again finds whole parts, and another search with the same encoders finds everything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.kinds import kind_of
from asd_core.evaluation.metrics import OneClassError, auc
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.store.addresses import open_files
from asd_core.store.files import Files
from asd_core.store.store import Store
from asd_core.synthesis import GENERATED, Validation, ValidationClip, median_level_db
from asd_core.tuning.gather.machine_data import MachineData
from asd_core.tuning.gather.needed import Plan, digest, planned
from asd_core.tuning.gather.parts import ClipOutcome, Part, array_path, cut, gather_part, write_array
from asd_core.tuning.gather.stored import embed_all, stored_rows
from asd_core.tuning.space.setting import Setting

_FEWEST_NORMALS = 2
_WHOLE = 99_999  # number of the one part in which embeddings from the store are kept


@dataclass(frozen=True)
class LeftOutClip:
    """A clip that no setting is fitted to or judged on, and why."""

    machine_type: str
    machine_id: str
    clip_id: str
    uri: str
    reason: str
    message: str


@dataclass
class Gathered:
    """What a search has to work on.

    Attributes:
        machines: those that settings can be judged on, sorted.
        left_out: "machine type machine id" → why no setting can be judged on it.
        clips_left_out: of all machines.
        decoded: clips that were decoded now, not found gathered.
        seconds: of work on them, in all workers together.
        began: when the first worker was at it, in seconds of the wall clock; 0 where nothing had to be read.
    """

    machines: list[MachineData] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    clips_left_out: list[LeftOutClip] = field(default_factory=list)
    decoded: int = 0
    seconds: float = 0.0
    began: float = 0.0


def gather(
    store: Store,
    recipe: Recipe,
    clips: pa.Table,
    validations: Sequence[Validation],
    settings: Sequence[Setting],
    folder: str,
    engine: Engine,
    progress: Progress = no_progress,
) -> Gathered:
    """Take from the audio what settings need of it; embeddings of encoders other than TWFR come from the store.

    Args:
        store: where such embeddings are, or are put.
        recipe: over which settings are laid.
        clips: rows of CLIPS that hold all recordings judged on; the others may be among them.
        validations: of each machine.
        settings: all whose encoders are needed; for a `Space`, `Space.encoder_settings` will do.
        folder: for the arrays: local, or mounted on every node; 4 · R · D bytes a clip and encoder but for r.
        engine: where the work is done.
        progress: told (stage, done, total).

    Raises:
        UsageError: simulated or generated clips, but embeddings that were imported.
    """
    plans = planned(recipe, validations, settings)
    files = open_files(folder)
    gathered = Gathered()
    missing = [plan for plan in plans if not _is_whole(files, plan)]
    outcomes = {plan.name: [ClipOutcome()] * len(plan.clips) for plan in missing}
    _from_audio(files, missing, engine, progress, outcomes, gathered)
    _from_store(store, files, clips, missing, engine, progress, outcomes)
    names = {plan.name: _finish(files, plan, outcomes[plan.name]) for plan in missing}
    for plan in plans:
        _take(files, plan, names.get(plan.name, plan.name), folder, gathered)
    gathered.machines.sort(key=lambda machine: (machine.machine_type, machine.machine_id))
    return gathered


def _is_whole(files: Files, plan: Plan) -> bool:
    """Whether a machine's file is there, and all that it names."""
    if not files.exists(f"{plan.name}.json"):
        return False
    # Not through `MachineData`, which remembers what it read: the file may be written anew now.
    try:
        passes = json.loads(files.read(f"{plan.name}.json"))["passes"]
    except ValueError:  # cut off: it is made again
        return False
    return all(files.exists(path) for one in passes.values() for path in one["parts"])


def _from_audio(
    files: Files,
    plans: Sequence[Plan],
    engine: Engine,
    progress: Progress,
    outcomes: dict[str, list[ClipOutcome]],
    gathered: Gathered,
) -> None:
    """Decode what is needed: normal clips first, whose level generated ones are brought to."""
    plans = [plan for plan in plans if plan.from_audio]
    total, done = sum(len(plan.clips) for plan in plans), 0
    on_gpu = any(kind_of(one.encoder.kind).uses_device for plan in plans for one in plan.from_audio)
    for is_judged in (False, True):
        parts: list[tuple[Plan, int, Part]] = []
        for plan in plans:
            level_db = _level_db(plan, outcomes[plan.name]) if is_judged else None
            first, stop = (plan.normals, len(plan.clips)) if is_judged else (0, plan.normals)
            for number, (start, end) in enumerate(cut(stop - first), len(cut(plan.normals)) if is_judged else 0):
                own = plan.clips[first + start : first + end]
                part = Part(files.url, plan.clips_digest, number, own, plan.from_audio, level_db, engine.device)
                parts.append((plan, first + start, part))
        told = engine.map(gather_part, [part for _, _, part in parts], on_gpu=on_gpu)
        for (plan, start, part), (found, effort) in zip(parts, told, strict=True):
            outcomes[plan.name][start : start + len(found)] = found
            gathered.decoded += effort.decoded
            gathered.seconds += effort.seconds
            gathered.began = min(gathered.began or effort.began, effort.began)
            done += len(part.clips)
            progress("taking embeddings from the audio", done, total)


def _level_db(plan: Plan, outcomes: Sequence[ClipOutcome]) -> float | None:
    if all(clip.kind != GENERATED for clip in plan.clips):
        return None
    levels = [outcome.level_db for outcome in outcomes[: plan.normals] if outcome.level_db is not None]
    return median_level_db(levels) if levels else 0.0  # a machine without a usable normal clip is left out


def _from_store(
    store: Store,
    files: Files,
    clips: pa.Table,
    plans: Sequence[Plan],
    engine: Engine,
    progress: Progress,
    outcomes: dict[str, list[ClipOutcome]],
) -> None:
    """Embed what the store lacks, and copy what is needed of it."""
    passes = {one.name: one for plan in plans for one in plan.from_store}
    for one in passes.values():
        own = [plan for plan in plans if one in plan.from_store]
        ids = pa.array([clip.clip_id for plan in own for clip in plan.clips], pa.string())
        rows = clips.filter(pc.is_in(clips["clip_id"], value_set=ids))
        embedded = embed_all(store, one.encoder, rows, engine, progress)
        for plan in own:
            array, found = stored_rows(store, embedded, [clip.clip_id for clip in plan.clips])
            write_array(files, array_path(plan.clips_digest, one, _WHOLE), array[None])
            before = outcomes[plan.name]
            outcomes[plan.name] = [old if old.reason else new for old, new in zip(before, found, strict=True)]


def _finish(files: Files, plan: Plan, outcomes: Sequence[ClipOutcome]) -> str:
    """Write the machine's file; its name."""
    usable = [outcome.reason is None for outcome in outcomes]
    kept = [clip for clip, good in zip(plan.clips, usable, strict=True) if good]
    levels = [outcome.level_db for outcome, good in zip(outcomes, usable, strict=True) if good]
    normals = sum(usable[: plan.normals])
    numbers = range(len(cut(plan.normals)) + len(cut(len(plan.clips) - plan.normals)))
    contents = {
        "machine_type": plan.machine_type,
        "machine_id": plan.machine_id,
        "fingerprint": digest([normals, [asdict(clip) for clip in kept]]),
        "usable": usable,
        "normal_domains": [clip.domain for clip in kept[:normals]],
        "clip_ids": [clip.clip_id for clip in kept[normals:]],
        "recordings": [clip.recording_id for clip in kept[normals:]],
        "is_anomalous": [clip.is_anomalous for clip in kept[normals:]],
        "domains": [clip.domain for clip in kept[normals:]],
        "auc_level_only": _auc_level_only(kept[normals:], levels[:normals], levels[normals:]),
        "passes": {
            one.name: {
                "r": list(one.r),
                "parts": [
                    array_path(plan.clips_digest, one, number)
                    for number in ([_WHOLE] if one in plan.from_store else numbers)
                ],
            }
            for one in plan.passes
        },
        "left_out": [
            (clip.clip_id, clip.uri, outcome.reason, outcome.message)
            for clip, outcome in zip(plan.clips, outcomes, strict=True)
            if outcome.reason is not None
        ],
    }
    # Clips that can be read another time are no lasting part of the name, so that they are tried again then.
    is_whole = not any(outcome.transient for outcome in outcomes)
    name = plan.name if is_whole else f"{plan.name}-{digest(usable)[:8]}"
    files.write(f"{name}.json", json.dumps(contents).encode())
    return name


def _auc_level_only(
    judged: Sequence[ValidationClip], normal_levels: Sequence[float | None], levels: Sequence[float | None]
) -> float | None:
    known = [level for level in (*normal_levels, *levels) if level is not None]
    if not normal_levels or len(known) < len(normal_levels) + len(levels):
        return None
    deviations = np.abs(np.array(levels, np.float64) - np.median(np.array(normal_levels, np.float64)))
    try:
        return auc(deviations, [clip.is_anomalous for clip in judged])
    except OneClassError:
        return None


def _take(files: Files, plan: Plan, name: str, folder: str, gathered: Gathered) -> None:
    """Add a machine, or why nothing can be judged on it."""
    contents = json.loads(files.read(f"{name}.json"))
    gathered.clips_left_out += [LeftOutClip(plan.machine_type, plan.machine_id, *told) for told in contents["left_out"]]
    labels = contents["is_anomalous"]
    if reason := too_few(len(contents["normal_domains"]), labels.count(False), labels.count(True)):
        gathered.left_out[f"{plan.machine_type} {plan.machine_id}"] = reason
        return
    gathered.machines.append(MachineData(plan.machine_type, plan.machine_id, folder, name))


def too_few(fitted: int, normal: int, anomalous: int) -> str:
    """Why no setting can be judged on a machine with so many clips to fit to and to judge on; empty where one can."""
    counts = {
        "normal clips to fit to": (fitted, _FEWEST_NORMALS),
        "normal clips to judge on": (normal, 1),
        "anomalous clips to judge on": (anomalous, 1),
    }
    return ", ".join(f"{count} {what}" for what, (count, fewest) in counts.items() if count < fewest)
