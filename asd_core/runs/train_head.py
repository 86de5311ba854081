"""Training heads on stored embeddings and keeping them in the store; ``asd train`` with ``trains = "embeddings"``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import pyarrow as pa

from asd_core.encoders.build import kind_of
from asd_core.encoders.checkpoint_files import ENCODER_FILE, TrainedEncoder, read_trained
from asd_core.encoders.config import EncoderConfig
from asd_core.encoders.head.arrays import weights_of
from asd_core.encoders.head.stored import KIND, NewHead, write_heads
from asd_core.encoders.trainable import encoder_table
from asd_core.errors import AsdError, UsageError
from asd_core.pages.training.page import write_training_page
from asd_core.pipeline.embed_missing import Embedded, embed
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.recipe.training_settings import TrainingConfig
from asd_core.runs.embed import embedding_counts
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.runs.training_record import report_of
from asd_core.store.layout import safe_name
from asd_core.store.store import Store
from asd_core.training.checkpoints import Progressed
from asd_core.training.head_course import joined_course
from asd_core.training.head_parts import head_part, names_of_classes
from asd_core.training.head_training import train_head
from asd_core.training.history import HistoryRow
from asd_core.training.loop import Report
from asd_core.training.publish import refuse_imported, under_way


def is_of_head(recipe: Recipe) -> bool:
    """True where a recipe trains heads on embeddings, and no encoder."""
    return recipe.for_machine("").training.trains == "embeddings"


def check_head(recipe: Recipe) -> None:
    """Raise UsageError unless a head can be trained on a recipe's embeddings."""
    machines = [recipe.for_machine(kind) for kind in ["", *recipe.settings.get("machine", {})]]
    if len({(one.encoder, one.embedding.transform) for one in machines}) > 1:
        raise UsageError(
            f"recipe {recipe.name} has several encoders or transforms: a head is trained on the embeddings of one, "
            "without overrides for machine types"
        )
    if machines[0].embedding.transform == "head":
        raise UsageError("a head is trained on embeddings, not on those of another head: name the encoder itself")


def train_heads(
    store: Store,
    recipe: Recipe,
    name: str,
    clips: pa.Table,
    engine: Engine,
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Train a recipe's heads on the embeddings of normal clips, publish them under a name, and record the run.

    Clips whose embeddings are not stored are embedded first, where the encoder hears recordings. A training that broke
    goes on from its last checkpoint. One that is complete is not repeated.

    Args:
        store: where everything is kept.
        recipe: its ``[encoder]``, ``[embedding]`` and ``[training]``.
        name: of the heads.
        clips: normal clips, rows of CLIPS.
        engine: that embeds.
        progress: told (stage, done, total).
        say: told a line of each head.

    Returns:
        The record, with ``already_complete``.

    Raises:
        UsageError: settings that do not go together.
        AsdError: no embeddings, fewer than two classes, or a loss that is not finite.
    """
    check_head(recipe)
    if not len(clips):
        raise AsdError("there are no normal clips to train on")
    started, machine = now(), recipe.for_machine("")
    config = machine.training
    embedded = embed(store, recipe.encoders_of(clips), clips, engine, progress)
    names, told = names_of_classes(store, embedded.clips, config)
    known = (asdict(config), machine.embedding.transform, recipe.fingerprint(""), names)
    run_id = run_id_of("train", clips, name, KIND, embedded.transient, *known)
    if (stored := _complete(store, name, run_id)) is not None:
        return stored
    start = time.monotonic()
    are_powers = machine.embedding.transform == "log-zscore"
    done = _all_trained(store, embedded, names, config, are_powers, under_way(name, run_id), progress, say)
    heads, counts = done.heads, done.clips
    training = {key: list(value) if isinstance(value, tuple) else value for key, value in asdict(config).items()}
    folder, described = write_heads(store.files, name, embeddings_table(machine.encoder), heads, training)
    course = joined_course(done.courses)
    held_out = sum(len(head.held_out) for head in heads)
    record = {
        "run_id": run_id,
        "job": "train",
        "key": "",
        "recipe": recipe_record(recipe),
        "name": name,
        "folder": folder,
        "digest": described.digest,
        "fingerprint": recipe.fingerprint(""),
        "started_from": "",
        "network": dict.fromkeys(("parameters", "trained"), sum(weights_of(head.arrays) for head in heads)),
        "classes": counts,
        "counts": {
            **embedding_counts(clips, embedded),
            "trained": sum(counts.values()) - held_out,
            "held_out": held_out,
            "classes": len(described.classes),
            "heads": len(heads),
            "steps": course[-1]["step"],
            "epochs": course[-1]["epoch"],
        },
        "left_out": [],
        "lost": {},
        "last": course[-1],
        "workers": {"count": 1, "device": "cpu"},
        "notes": [*told, *done.notes],
        "seconds": {"embed": round(embedded.seconds, 3), "train": round(time.monotonic() - start, 3)},
        "started_at": started,
    }
    point_to_head(store, name, folder, described, recipe.fingerprint(""))
    shown = replace(described, encoder=described.encoder["embeddings"])
    report = report_of(record, shown, Progressed(history=course))
    record["page"] = write_training_page(report, store.files, f"reports/training/{safe_name(name)}/{described.digest}")
    commit(store, record, clips)
    for info in store.files.list(under_way(name, run_id)):
        store.files.delete(info.path)
    return record | {"already_complete": False}


@dataclass
class _Trained:
    """Heads that were trained.

    Attributes:
        heads: one for each machine type, or one.
        courses: of every member of every head.
        clips: class → number of clips.
        notes: lines on the classes.
    """

    heads: list[NewHead] = field(default_factory=list)
    courses: list[Sequence[HistoryRow]] = field(default_factory=list)
    clips: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def _all_trained(
    store: Store,
    embedded: Embedded,
    names: Mapping[str, str | None],
    config: TrainingConfig,
    are_powers: bool,
    folder: str,
    progress: Progress,
    say: Callable[[str], None],
) -> _Trained:
    done = _Trained()
    kinds = [""] if config.head_per == "all" else sorted(embedded.clips["machine_type"].unique().to_pylist())
    for number, kind in enumerate(kinds):
        part = head_part(store, embedded, names, kind)
        say(part.line)
        own, report = f"{folder}/{safe_name(part.name)}", _progress_of(progress, number, len(kinds))
        trained = train_head(part.examples(are_powers), config, store.files.url, own, report)
        done.heads.append(part.head(trained))
        done.courses += trained.histories
        done.clips |= dict(zip(part.classes.names, part.classes.counts, strict=True))
        done.notes += [f"{part.name}: {note}" for note in part.classes.notes]
    return done


def embeddings_table(encoder: EncoderConfig) -> dict[str, Any]:
    """The complete ``[encoder]`` table of embeddings that a head takes."""
    if kind_of(encoder.kind).is_from_audio:
        return encoder_table(encoder)
    return {"kind": encoder.kind, "name": encoder.name}


def point_to_head(store: Store, name: str, folder: str, described: TrainedEncoder, fingerprint: str) -> None:
    """Give heads their name, which others may have had."""
    entry = {
        "kind": KIND,
        "fingerprint": fingerprint,
        "embedding_dim": described.embedding_dim,
        "folder": folder,
    }
    store.name_encoder(name, entry, partial(refuse_imported, name))


def _complete(store: Store, name: str, run_id: str) -> dict[str, Any] | None:
    """The record of this very training, whose heads get their name again; None where it is not complete."""
    record = store.run(run_id)
    if record is None or not store.files.exists(f"{record['folder']}/{ENCODER_FILE}"):
        return None
    described = read_trained(f"{store.files.url}/{record['folder']}")
    point_to_head(store, name, record["folder"], described, record["fingerprint"])
    return record | {"already_complete": True}


def _progress_of(progress: Progress, number: int, parts: int) -> Report:
    """Steps of one head among those of all, which take about as many."""
    return lambda step, steps, row: progress("training steps", number * steps + step, parts * steps)
