"""One pass over the audio of a search: every clip is decoded once, whatever the number of settings.

Gathered arrays keep names that follow from clips and encoders. So a search that stopped finds its finished parts again,
and another search with the same encoders finds everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from asd_core.encoders.build import kind_of
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.store.addresses import open_files
from asd_core.store.files import Files
from asd_core.store.store import Store
from asd_core.synthesis.generated_clips import median_level_db
from asd_core.synthesis.validation import RejectedClip, Validation
from asd_core.tuning.gather.from_audio import ClipOutcome, ClipPart, array_path, cut, gather_part, write_array
from asd_core.tuning.gather.from_store import embed_all, stored_rows
from asd_core.tuning.gather.machine_data import STORE_PART, MachineData, is_whole, read_machine_file, write_machine_file
from asd_core.tuning.gather.machine_plan import MachinePlan, machine_plans
from asd_core.tuning.space.setting import Setting

_FEWEST_NORMALS = 2

Outcomes = dict[str, list[ClipOutcome]]
"""Name of a plan → outcomes of its clips."""


@dataclass
class Gathered:
    """The data of a search.

    Attributes:
        machines: the machines that settings can be judged on, sorted.
        left_out: "machine type machine id" → the reason why no setting can be judged on it.
        clips_left_out: clips of all machines that no setting is fitted to or judged on.
        decoded: number of clips that were decoded now, not found gathered.
        seconds: of work on them, in all workers together.
        began: start of the first worker, in seconds of the wall clock; 0 where nothing had to be read.
    """

    machines: list[MachineData] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    clips_left_out: list[RejectedClip] = field(default_factory=list)
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
    """Embed the clips of a search for all settings; embeddings of encoders other than TWFR come from the store.

    Args:
        store: holds such embeddings, and takes the missing ones.
        recipe: settings are laid over it.
        clips: rows of CLIPS that hold all recordings judged on; the others may be among them.
        validations: of each machine.
        settings: all whose encoders are needed; for a `Space`, `Space.encoder_settings` will do.
        folder: for the arrays: local, or mounted on every node; 4 · R · D bytes a clip and encoder but for r.
        engine: does the work.
        progress: called with (stage, done, total).

    Raises:
        UsageError: simulated or generated clips, but embeddings that were imported.
    """
    plans = machine_plans(recipe, validations, settings)
    files = open_files(folder)
    gathered = Gathered()
    missing = [plan for plan in plans if not is_whole(files, plan.name)]
    outcomes = {plan.name: [ClipOutcome()] * len(plan.clips) for plan in missing}
    _from_audio(files, missing, engine, progress, outcomes, gathered)
    _from_store(store, files, clips, missing, engine, progress, outcomes)
    names = {plan.name: write_machine_file(files, plan, outcomes[plan.name]) for plan in missing}
    for plan in plans:
        _add(files, plan, names.get(plan.name, plan.name), folder, gathered)
    gathered.machines.sort(key=lambda machine: (machine.machine_type, machine.machine_id))
    return gathered


def _from_audio(
    files: Files,
    plans: Sequence[MachinePlan],
    engine: Engine,
    progress: Progress,
    outcomes: Outcomes,
    gathered: Gathered,
) -> None:
    """Decode clips: normal clips first, because generated ones are brought to their level."""
    plans = [plan for plan in plans if plan.from_audio]
    total, done = sum(len(plan.clips) for plan in plans), 0
    on_gpu = any(kind_of(one.encoder.kind).uses_device for plan in plans for one in plan.from_audio)
    for is_judged in (False, True):
        parts: list[tuple[MachinePlan, int, ClipPart]] = []
        for plan in plans:
            level_db = _level_db(plan, outcomes[plan.name]) if is_judged else None
            first, stop = (plan.normals, len(plan.clips)) if is_judged else (0, plan.normals)
            for number, (start, end) in enumerate(cut(stop - first), len(cut(plan.normals)) if is_judged else 0):
                own = plan.clips[first + start : first + end]
                part = ClipPart(files.url, plan.clips_digest, number, own, plan.from_audio, level_db, engine.device)
                parts.append((plan, first + start, part))
        results = engine.map(gather_part, [part for _, _, part in parts], on_gpu=on_gpu)
        for (plan, start, part), (found, effort) in zip(parts, results, strict=True):
            outcomes[plan.name][start : start + len(found)] = found
            gathered.decoded += effort.decoded
            gathered.seconds += effort.seconds
            gathered.began = min(gathered.began or effort.began, effort.began)
            done += len(part.clips)
            progress("taking embeddings from the audio", done, total)


def _level_db(plan: MachinePlan, outcomes: Sequence[ClipOutcome]) -> float | None:
    if not any(clip.is_generated for clip in plan.clips):
        return None
    levels = [outcome.level_db for outcome in outcomes[: plan.normals] if outcome.level_db is not None]
    return median_level_db(levels) if levels else 0.0  # a machine without a usable normal clip is left out


def _from_store(
    store: Store,
    files: Files,
    clips: pa.Table,
    plans: Sequence[MachinePlan],
    engine: Engine,
    progress: Progress,
    outcomes: Outcomes,
) -> None:
    """Embed the clips that the store lacks, and copy the embeddings of all."""
    for one in {one.name: one for plan in plans for one in plan.from_store}.values():
        own = [plan for plan in plans if one in plan.from_store]
        ids = pa.array([clip.clip_id for plan in own for clip in plan.clips], pa.string())
        rows = clips.filter(pc.is_in(clips["clip_id"], value_set=ids))
        embedded = embed_all(store, one.encoder, rows, engine, progress)
        for plan in own:
            array, found = stored_rows(store, embedded, [clip.clip_id for clip in plan.clips])
            write_array(files, array_path(plan.clips_digest, one, STORE_PART), array[None])
            before = outcomes[plan.name]
            outcomes[plan.name] = [old if old.reason else new for old, new in zip(before, found, strict=True)]


def _add(files: Files, plan: MachinePlan, name: str, folder: str, gathered: Gathered) -> None:
    """Add a machine, or the reason why nothing can be judged on it."""
    contents = read_machine_file(files, name)
    machine = plan.machine_type, plan.machine_id
    gathered.clips_left_out += [RejectedClip(*fields) for fields in contents["left_out"]]
    labels = contents["is_anomalous"]
    if reason := too_few(len(contents["normal_domains"]), labels.count(False), labels.count(True)):
        gathered.left_out[" ".join(machine)] = reason
    else:
        gathered.machines.append(MachineData(*machine, folder, name))


def too_few(fitted: int, normal: int, anomalous: int) -> str:
    """The reason why so few clips cannot judge a setting: the counts that are too low; empty where all are enough."""
    counts = {
        "normal clips to fit to": (fitted, _FEWEST_NORMALS),
        "normal clips to judge on": (normal, 1),
        "anomalous clips to judge on": (anomalous, 1),
    }
    return ", ".join(f"{count} {name}" for name, (count, fewest) in counts.items() if count < fewest)
