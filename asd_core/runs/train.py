"""Training an encoder on normal clips and keeping it in the store; the run behind ``asd train``."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa

from asd_core.encoders.build import new_encoder
from asd_core.encoders.checkpoint_files import ENCODER_FILE, read_trained
from asd_core.encoders.trainable import encoder_table, is_trainable
from asd_core.errors import AsdError, UsageError
from asd_core.pages.training.page import write_training_page
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.runs.training_record import counts_of, epoch_line, lost_note, plan_line, report_of
from asd_core.store.layout import safe_name
from asd_core.store.pseudo_label_tables import labels_by_clip
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS
from asd_core.training.checkpoints import Checkpoints, Progressed
from asd_core.training.history import HistoryRow
from asd_core.training.job import AnyJob, TrainingJob
from asd_core.training.labels import Classes, class_names, classes_of
from asd_core.training.loop import Report
from asd_core.training.plan import TrainingPlan
from asd_core.training.publish import check_free, point_to, publish, under_way
from asd_core.training.usable_clips import usable_clips

Execute = Callable[[AnyJob, Report], Progressed]
"""Carries out a training, in this process or on a cluster."""

_UNASKED = ("device", "batch_size", "name")
"""Keys of ``[encoder]`` that change no weight."""

_NO_ATTRIBUTES = (
    "no clip has attributes, which training.labels names: asd pseudo-label finds classes in their place "
    "(training.pseudo_labels), or leave attributes out"
)


@dataclass(frozen=True)
class Workers:
    """The workers of a training.

    Attributes:
        count: how many share each batch.
        device: of each, ``cpu`` or ``cuda``.
        cpus: threads of each, on a CPU.
    """

    count: int = 1
    device: str = "cpu"
    cpus: int = 1


def check_trainable(recipe: Recipe) -> None:
    """Raise UsageError unless a recipe has one encoder, and it has a network to train."""
    encoders = {recipe.for_machine(kind).encoder for kind in ["", *recipe.settings.get("machine", {})]}
    if len(encoders) > 1:
        raise UsageError(f"recipe {recipe.name} has several encoders: train one for all machines, without overrides")
    (encoder,) = encoders
    if not is_trainable(encoder):
        raise UsageError(
            f"recipe {recipe.name}: an encoder of kind {encoder.kind!r} has nothing to train: take --recipe multires, "
            "multires-small or another one with a network"
        )


def train_encoder(
    store: Store,
    recipe: Recipe,
    name: str,
    clips: pa.Table,
    engine: Engine,
    execute: Execute,
    workers: Workers | None = None,
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train a recipe's encoder on normal clips, publish it under a name, and record the run.

    A training that broke goes on from its last checkpoint. One that is complete is not repeated.

    Args:
        store: where everything is kept.
        recipe: its ``[encoder]`` and ``[training]``.
        name: of the encoder.
        clips: normal clips, rows of CLIPS.
        engine: that looks which clips can be decoded.
        execute: carries out the training.
        workers: that do so.
        progress: told (stage, done, total).
        say: told a line of what is trained.

    Returns:
        The record, with ``already_complete``.

    Raises:
        UsageError: a name that is taken, or settings that do not go together.
        AsdError: fewer than two classes, or a loss that is not finite.
    """
    check_trainable(recipe)
    check_free(store, name)
    started, start, workers = now(), time.monotonic(), workers or Workers()
    config, table = recipe.for_machine("").training, encoder_table(recipe.for_machine("").encoder)
    encoder = recipe.for_machine("").encoder
    good, unusable = usable_clips(clips, encoder, new_encoder(encoder).sample_rate, engine, progress)
    classes, notes = _classes(store, good, config)
    asked = {key: value for key, value in table.items() if key not in _UNASKED}
    transient = {one.clip_id: one.reason for one in unusable if one.transient}
    run_id = run_id_of("train", clips, name, asked, transient, asdict(config), classes.indices.tolist())
    if (stored := _complete(store, name, run_id)) is not None:
        return stored
    plan = TrainingPlan(config, classes.indices, workers.count)
    say(plan_line(plan, classes))
    job = TrainingJob(
        store.files.url,
        under_way(name, run_id),
        table,
        config,
        good.select(CLIPS.names),
        classes.indices,
        len(classes.names),
        workers.device,
        workers.cpus,
    )
    looked = time.monotonic()

    def report(step: int, steps: int, row: HistoryRow) -> None:
        progress("training steps", step, steps)
        if plan.epochs_done(step) > plan.epochs_done(step - 1):
            say(epoch_line(row, plan.epochs))

    done = execute(job, report)
    checkpoints = Checkpoints(job.store_url, job.folder)
    folder, trained = publish(store, name, table, config, classes.names, checkpoints, done)
    record = {
        "run_id": run_id,
        "job": "train",
        "key": "",
        "recipe": recipe_record(recipe),
        "name": name,
        "folder": folder,
        "digest": trained.digest,
        "fingerprint": point_to(store, name, folder, trained),
        "started_from": trained.started_from,
        "network": done.network,
        "classes": dict(zip(classes.names, classes.counts, strict=True)),
        "counts": counts_of(len(clips), unusable, done, plan, len(classes.names)),
        "left_out": [asdict(one) for one in unusable],
        "lost": done.lost,
        "last": done.history[-1],
        "workers": asdict(workers),
        "notes": [*filter(None, [trained.note]), *notes, *lost_note(done)],
        "seconds": {"decode": round(looked - start, 3), "train": round(time.monotonic() - looked, 3)},
        "started_at": started,
    }
    shown = report_of(record, trained, done)
    record["page"] = write_training_page(shown, store.files, f"reports/training/{safe_name(name)}/{trained.digest}")
    commit(store, record, clips)
    checkpoints.remove()
    return record | {"already_complete": False}


def _classes(store: Store, clips: pa.Table, config: TrainingConfig) -> tuple[Classes, list[str]]:
    """The classes of clips, and lines on them."""
    pseudo, said = None, list[str]()
    if config.pseudo_labels:
        pseudo, said = labels_by_clip(store.files, config.pseudo_labels)
    lacks = "attributes" in config.labels and pseudo is None and not any(clips["attributes"].to_pylist())
    try:
        classes = classes_of(class_names(clips, config.labels, pseudo, config.pseudo_where))
    except AsdError as error:
        raise AsdError(f"{error}; {_NO_ATTRIBUTES}") from error if lacks else error
    return classes, [*said, *([_NO_ATTRIBUTES] if lacks else []), *classes.notes]


def _complete(store: Store, name: str, run_id: str) -> dict[str, Any] | None:
    """The record of this very training, whose encoder gets its name again; None where it is not complete."""
    record = store.run(run_id)
    if record is None or not store.files.exists(f"{record['folder']}/{ENCODER_FILE}"):
        return None
    point_to(store, name, record["folder"], read_trained(f"{store.files.url}/{record['folder']}"))
    return record | {"already_complete": True}
