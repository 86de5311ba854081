"""Explaining flagged clips: evidence, prompts, answers, and the rows that are published.

Captions overlap with scoring: flagged clips can be added as soon as their machine is scored, and are worked on and
asked about in the background. Nothing is asked twice: an answer is stored before the next is asked for, and published
rows name the clip, method, prompt and language model that they belong to, so that a later run of any recipe takes
their answer. Two runs at the same time that ask the same pay for it once: on one cluster they share a gate, and
elsewhere one waits until the other has published. (Two clusters on one store do not know of each other.)
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any, Self

import pyarrow as pa

from asd_core.captions.evidence import Gatherer, normal_places
from asd_core.captions.rows import TAKEN, answered, caption_counts, caption_row, captions_table
from asd_core.captions.selection import CaptionOrder, PaidAnswers, Unexplained, by_machine_type, flagged_in
from asd_core.digest import content_hash
from asd_core.llm.ledger import forget
from asd_core.llm.requests import Captioner, caption_request
from asd_core.pipeline.engine import Engine, Progress, no_progress
from asd_core.recipe.recipe import Recipe
from asd_core.runs.records import commit, now, recipe_record
from asd_core.store.store import Store
from asd_core.store.tables import SCORES

OpenCaptioner = Callable[[], Captioner]
"""Opens the way to a language model; called once, and what it gives is closed at the end."""


class CaptionRun:
    """Captions of flagged clips, from rows of SCORES to published rows of CAPTIONS.

    A context manager that closes its captioner.

    Args:
        store: where scores are and captions go.
        recipe: whose scores.
        order: method and language model.
        engine: where clips are worked on.
        open_captioner: opens the language model; None without one.
        progress: called with (stage, done, total).

    Raises:
        UsageError: the method needs MS-CLAP, and the recipe names none, or texts that cannot be read.
        AsdError: weights that cannot be loaded, a broken store, or nobody to ask.
    """

    def __init__(
        self,
        store: Store,
        recipe: Recipe,
        order: CaptionOrder,
        engine: Engine,
        open_captioner: OpenCaptioner | None = None,
        progress: Progress = no_progress,
    ) -> None:
        self._store, self._recipe, self._order, self._progress = store, recipe, order, progress
        self._gatherer = Gatherer(store, recipe, order.method, engine, order.may_read_audio, progress)
        self._started, self._start = now(), time.monotonic()
        self._unexplained = Unexplained(store, recipe.key(), order)
        self._paid = PaidAnswers(store, order)
        self._taken: list[pa.Table] = []
        self._deferred: list[pa.Table] = []
        self._rows: list[dict[str, Any]] = []
        self._notes: list[str] = []
        self._pending: dict[str, list[dict[str, Any]]] = {}
        self._settled: list[str] = []
        self._queue: queue.SimpleQueue[Callable[[], pa.Table] | None] = queue.SimpleQueue()
        self._all_asked = threading.Event()
        self._failure: Exception | None = None
        for machine_type in ["", *recipe.settings.get("machine", {})]:
            self._gatherer.needs_embedding(machine_type)  # refuses what cannot be had before hours of scoring
            self._gatherer.texts(machine_type)
        self._captioner = open_captioner() if open_captioner is not None else None
        # In this process alone the networks would only take turns with the scoring.
        self._thread = threading.Thread(target=self._work, daemon=True) if engine.workers > 1 else None
        if self._thread is not None:
            self._thread.start()

    def __enter__(self) -> Self:
        """The run itself."""
        return self

    def __exit__(self, *error: object) -> None:
        """Close the captioner."""
        if self._captioner is not None:
            self._captioner.close()

    def add(self, rows: pa.Table) -> None:
        """Take rows of SCORES to explain; clips that are explained already, or were added before, are left out.

        Never raises: scoring, which calls this, does not depend on captions.
        """
        self._queue.put(lambda: rows)

    def add_flagged(self, files: Iterable[str]) -> None:
        """Take the flagged rows in files of scores that may not be published yet, as `add` does."""
        self._queue.put(lambda: flagged_in(self._store, files))

    def finish(self) -> dict[str, Any]:
        """Wait for the answers and publish them.

        Returns:
            ``asked`` (clips not explained before), ``explained`` (left out: explained before), ``captioned``,
            ``errors``, ``errors_by_reason``, ``tokens``, ``unknown`` (attempts whose fate a crash left open),
            ``warnings``, ``notes``, ``method``, ``llm`` and ``seconds``.

        Raises:
            Exception: whatever stopped captioning, also in the background. Answers that came are published, and a
                later run goes on with the others.
        """
        self._queue.put(None)
        if self._thread is None:
            self._work()
        self._all_asked.wait()
        try:
            if self._failure is None and self._captioner is not None:
                self._collect(self._captioner)
        except Exception as error:
            self._failure = error
        if self._thread is not None:
            self._thread.join()
        if self._failure is not None:
            with suppress(Exception):  # answers that came are no less worth for those that did not
                self._publish(self._summary())
            raise self._failure
        summary = self._summary()
        self._publish(summary)
        return summary

    def _work(self) -> None:
        """Take what is added until the end; embeddings that detection has not made are made once, at the end."""
        try:
            while (added := self._queue.get()) is not None:
                self._take(self._unexplained.of(added()))
            for part in by_machine_type(pa.concat_tables([SCORES.empty_table(), *self._deferred])):
                self._ask(part)
        except Exception as error:  # raised again where `finish` is called
            self._failure = error
        finally:
            self._all_asked.set()
        if self._failure is None:
            self._keep_evidence()

    def _take(self, rows: pa.Table) -> None:
        self._taken.append(rows)
        for part in by_machine_type(rows):
            if self._gatherer.needs_embedding(part["machine_type"][0].as_py()):
                self._deferred.append(part)
            else:
                self._ask(part)

    def _keep_evidence(self) -> None:
        """Keep evidence for later captions: a convenience, whose failure is a note and stops no caption."""
        if not self._order.keeps_evidence:
            return
        try:
            for part in by_machine_type(pa.concat_tables([SCORES.empty_table(), *self._taken])):
                self._gatherer.store(part)
        except Exception as error:
            message = " ".join(str(error).split()) or repr(error)
            self._notes.append(f"what later captions may need was not kept, they may have to read audio: {message}")

    def _ask(self, rows: pa.Table) -> None:
        evidence = self._gatherer.gather(rows)
        machine_type = rows["machine_type"][0].as_py()
        texts, k = self._gatherer.texts(machine_type), self._recipe.for_machine(machine_type).captions.k
        if self._captioner is not None:
            self._captioner.begin()
            self._paid.read(set(rows["date"].to_pylist()))
        requests = []
        for score, normals in zip(rows.to_pylist(), normal_places(rows, k), strict=True):
            row = caption_row(score, normals, evidence, texts, self._order)
            if row["error_reason"] is not None or self._captioner is None:
                self._rows.append(row)
                continue
            request = caption_request(row["clip_id"], row["method"], row["prompt"], row["llm"])
            if (paid := self._paid.find(row["clip_id"], row["prompt_hash"])) is not None:
                note = "; ".join(filter(None, [row["note"], TAKEN]))
                self._rows.append({**row, **paid, "note": note})
                self._settled.append(request.request_id)
                continue
            self._pending.setdefault(request.request_id, []).append(row)
            requests.append(request)
        if self._captioner is not None and requests:
            self._captioner.submit(requests)

    def _collect(self, captioner: Captioner) -> None:
        total = len(self._pending)
        self._progress("asking for captions", 0, total)
        for done, answer in enumerate(captioner.answers(), 1):
            self._rows += [answered(row, answer) for row in self._pending.pop(answer.request_id, ())]
            if not answer.is_asked_again:
                self._settled.append(answer.request_id)
            self._progress("asking for captions", done, total)

    def _summary(self) -> dict[str, Any]:
        counts = caption_counts(self._rows)
        return {
            "asked": counts.pop("asked"),
            "explained": self._unexplained.explained,
            **counts,
            "notes": counts["notes"] + self._notes,
            "method": self._order.method,
            "llm": self._order.llm,
            "seconds": round(time.monotonic() - self._start, 3),
        }

    def _publish(self, summary: dict[str, Any]) -> None:
        if not self._rows:
            return
        rows = captions_table(sorted(self._rows, key=lambda row: (row["date"], row["uri"])))
        path, checksum = self._store.write_captions(self._recipe.key(), rows)
        record = {
            # With the time: clips explained anew may get the same captions again, and these are still the newest.
            "run_id": f"caption-{content_hash(f'{checksum} {self._started}'.encode())[:24]}",
            "job": "caption",
            "key": self._recipe.key(),
            "recipe": recipe_record(self._recipe),
            "dates": sorted(set(rows["date"].to_pylist())),
            "counts": {name: value for name, value in summary.items() if name not in ("seconds", "method", "llm")},
            "method": self._order.method,
            "llm": self._order.llm,
            "caption_files": {path: checksum},
            "seconds": {"caption": summary["seconds"]},
            "started_at": self._started,
        }
        commit(self._store, record)
        forget(self._store.files, self._settled)
