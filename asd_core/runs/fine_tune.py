"""Fine-tuning a text-to-audio model on clips and captions, and keeping it in the store as a generator (eq. 2 and 3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from asd_core.errors import UsageError
from asd_core.pages.training.page import write_training_page
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.generator_settings import GeneratorConfig
from asd_core.recipe.names import check_name_in_store
from asd_core.recipe.recipe import Recipe
from asd_core.runs.fine_tuning_record import fine_tuning_counts, fine_tuning_report
from asd_core.runs.records import commit, now, recipe_record, run_id_of
from asd_core.runs.train import Execute, Workers
from asd_core.runs.training_record import lost_note
from asd_core.store.layout import safe_name
from asd_core.store.store import Store
from asd_core.store.tables import CLIPS
from asd_core.synthesis.audioldm.job import FineTuningJob, heard
from asd_core.synthesis.audioldm.publishing import point_to_generator, publish_generator
from asd_core.synthesis.audioldm.shapes import SAMPLE_RATE
from asd_core.synthesis.audioldm.stored_generator import GENERATOR_FILE
from asd_core.synthesis.audioldm.weights_digest import weights_digest
from asd_core.training.checkpoints import Checkpoints, Progressed
from asd_core.training.history import HistoryRow
from asd_core.training.loop import Report
from asd_core.training.usable_clips import Unusable, usable_clips

_SAMPLING = ("clips", "domains", "ddim_steps", "guidance", "candidates", "clap_weights", "generate_batch")
"""The fields of ``[generator]`` that decide no weight, but how clips are made with them."""


def fine_tune_generator(
    store: Store,
    recipe: Recipe,
    name: str,
    pairs: pa.Table,
    engine: Engine,
    execute: Execute,
    workers: Workers | None = None,
    progress: Progress = no_progress,
    say: Callable[[str], None] = lambda line: None,
    *,
    references: Sequence[str] = (),
    targets: Sequence[str] = (),
) -> dict[str, Any]:
    """Fine-tune a recipe's generator on clips with captions, publish it under a name, and record the run.

    A fine-tuning that broke goes on from its last checkpoint. One that is complete is not repeated. With
    ``trains = "nothing"``, the pretrained weights get the name as they are, and no clip is heard.

    Args:
        store: where everything is kept.
        recipe: its ``[generator]``, and the channel of its ``[encoder]``.
        name: of the generator, which another one may have had.
        pairs: rows of CLIPS with a column ``caption``.
        engine: that looks which clips can be decoded.
        execute: carries out the training.
        workers: that do so.
        progress: told (stage, done, total).
        say: told a line of what is trained.
        references: machine types whose anomalous clips are among the pairs.
        targets: machine types that clips are to be made of.

    Returns:
        The record, with ``already_complete``.

    Raises:
        UsageError: a name that cannot be, weights that are not there, or workers that cannot share a batch.
        AsdError: no clip that can be decoded, or a loss that is not finite.
    """
    check_name_in_store("generator", name)
    run = _Run(store, recipe, name, workers or Workers(), tuple(references), tuple(targets))
    return run.carried_out(pairs, engine, execute, progress, say)


class _Run:
    def __init__(
        self,
        store: Store,
        recipe: Recipe,
        name: str,
        workers: Workers,
        references: tuple[str, ...],
        targets: tuple[str, ...],
    ) -> None:
        self._store, self._recipe, self._name, self._workers = store, recipe, name, workers
        self._config: GeneratorConfig = recipe.for_machine("").generator
        self._channel = recipe.for_machine("").encoder.channel
        self._types = references, targets

    def carried_out(
        self, pairs: pa.Table, engine: Engine, execute: Execute, progress: Progress, say: Callable[[str], None]
    ) -> dict[str, Any]:
        store, config, started, start = self._store, self._config, now(), time.monotonic()
        is_trained = config.trains != "nothing"
        pairs = pairs if is_trained else pairs.slice(0, 0)
        good, unusable = pairs, list[Unusable]()
        if is_trained:
            how = heard(self._channel), SAMPLE_RATE
            good, unusable = usable_clips(pairs, *how, engine, progress, "clips to fine-tune on")
        run_id = self._run_id(pairs, unusable)
        if (stored := self._complete(run_id)) is not None:
            return stored
        looked, done, checkpoints = time.monotonic(), Progressed(), None
        if is_trained:
            job = self._job(good, run_id)
            say(
                f"{len(good)} clips, {len(job.captions)} captions: {config.steps} steps, batches of {config.batch_size}"
            )
            checkpoints = Checkpoints(store.files.url, job.folder)
            done = execute(job, _report(progress, say))
        tensors = checkpoints.read(done.kept[max(done.kept)]) if checkpoints is not None else b""
        folder, made = publish_generator(store, self._name, config, good, tensors, done.history, self._types)
        record = {
            "run_id": run_id,
            "job": "fine-tune",
            "key": "",
            "recipe": recipe_record(self._recipe),
            "name": self._name,
            "folder": folder,
            "digest": made.digest,
            "started_from": made.started_from,
            "network": done.network,
            "counts": fine_tuning_counts(pairs, unusable, len(set(good["caption"].to_pylist())), done),
            "left_out": [asdict(one) for one in unusable],
            "lost": done.lost,
            "last": done.history[-1] if done.history else None,
            "workers": asdict(self._workers),
            "notes": [*filter(None, [made.note]), *lost_note(done)],
            "seconds": {"decode": round(looked - start, 3), "train": round(time.monotonic() - looked, 3)},
            "started_at": started,
            "page": None,
        }
        if is_trained:
            shown = fine_tuning_report(record, made, good, done)
            place = f"reports/generators/{safe_name(self._name)}/{made.digest}"
            record["page"] = write_training_page(shown, store.files, place)
        point_to_generator(store, self._name, folder, made.digest)
        commit(store, record, pairs.select(CLIPS.names))
        if checkpoints is not None:
            checkpoints.remove()
        return record | {"already_complete": False}

    def _run_id(self, pairs: pa.Table, unusable: list[Unusable]) -> str:
        config = {name: value for name, value in asdict(self._config).items() if name not in _SAMPLING}
        captions = pairs.sort_by("clip_id")["caption"].to_pylist()
        transient = {one.clip_id: one.reason for one in unusable if one.transient}
        names = [self._name, self._channel, *self._types]
        return run_id_of("fine-tune", pairs, "", names, transient, config, weights_digest(self._config), captions)

    def _job(self, good: pa.Table, run_id: str) -> FineTuningJob:
        config, workers = self._config, self._workers
        if config.batch_size % workers.count:
            raise UsageError(
                f"generator.batch_size = {config.batch_size} cannot be shared by {workers.count} workers: take a "
                "multiple of --workers"
            )
        captions = tuple(sorted(set(good["caption"].to_pylist())))
        numbers = {caption: number for number, caption in enumerate(captions)}
        return FineTuningJob(
            self._store.files.url,
            f"generators/{safe_name(self._name)}/under_way/{run_id}",
            config,
            good.select(CLIPS.names),
            captions,
            np.array([numbers[caption] for caption in good["caption"].to_pylist()], np.int64),
            self._channel,
            workers.device,
            workers.cpus,
        )

    def _complete(self, run_id: str) -> dict[str, Any] | None:
        """The record of this very fine-tuning, whose generator gets its name again; None where it is not complete."""
        record = self._store.run(run_id)
        if record is None or not self._store.files.exists(f"{record['folder']}/{GENERATOR_FILE}"):
            return None
        point_to_generator(self._store, self._name, record["folder"], record["digest"])
        return record | {"already_complete": True}


def _report(progress: Progress, say: Callable[[str], None]) -> Report:
    """Tells each step, and the loss ten times in all."""

    def report(step: int, steps: int, row: HistoryRow) -> None:
        progress("fine-tuning steps", step, steps)
        if step * 10 // steps > (step - 1) * 10 // steps:
            say(f"step {step} of {steps}: loss {row['loss']:.4g}")

    return report
